import { apply, invalid, isId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { DrugFact } from '../entities/facts.ts'
import { Fill, fillsUnderWay } from '../entities/fill.ts'
import type { Prescription } from '../entities/prescription.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'
import { refused } from '../refusals.ts'
import { maySubstitute, type Product } from '../regulations/substitution.ts'
import { lockedPrescription } from './hold-prescription.ts'

/** Dispense-as-written codes, NCPDP 408-D8: why the product dispensed is the one it is. */
export const dawCodes: Readonly<Record<number, string>> = {
  0: 'Substitution allowed', 1: 'The prescriber forbids substitution', 2: 'The patient asks for the brand', 3: 'The pharmacist chose the brand', 4: 'The generic is not in stock',
  5: 'The brand is dispensed as the generic', 6: 'Override', 7: 'The law mandates the brand', 8: 'The generic is not on the market', 9: "The plan asks for the brand",
}

/** A pharmacist chooses an equivalent product for the next fills; the prescription itself stays as it was written. */
export async function substituteDrug(em: EntityManager, actor: Actor, { prescriptionId, drugId, daw }: { prescriptionId: string; drugId: string; daw: number }): Promise<Prescription> {
  access.must(actor, 'review:decide', undefined)
  if (!dawCodes[daw] || daw === 1 || daw === 7) throw invalid('daw', 'daw is one of 0, 2, 3, 4, 5, 6, 8, 9: 1 and 7 forbid another product')
  const prescription = await lockedPrescription(em, prescriptionId)
  const offered = isId(drugId) ? await em.findOne(DrugFact, { drugId }) : null
  if (!offered) throw invalid('drugId', 'no such drug is in the catalog')
  const written = prescription.drugId ? await em.findOneOrFail(DrugFact, { drugId: prescription.drugId }) : null
  if (offered.drugId === (prescription.substituteDrugId ?? prescription.drugId)) return prescription
  const back = offered.drugId === prescription.drugId
  if (!back && !(written && maySubstitute(prescription.daw, productFrom(written), productFrom(offered)))) {
    throw refused(prescriptionLifecycle, prescription, actor, { code: 'SUBSTITUTION_NOT_PERMITTED', message: whyNot(prescription.daw, offered) })
  }
  if (await em.count(Fill, { prescriptionId, status: { $in: [...fillsUnderWay] } })) {
    throw refused(prescriptionLifecycle, prescription, actor, { code: 'FILL_UNDER_WAY', message: 'a fill of this prescription is under way: the next one may be of another product' })
  }
  Object.assign(prescription, { substituteDrugId: back ? null : offered.drugId, substituteDaw: back ? null : daw })
  apply(em, actor, prescriptionLifecycle, prescription, 'substitute', { reason: `DAW_${daw}` })
  return prescription
}

export const productFrom = ({ ingredients, dosageForm, therapeuticEquivalence }: DrugFact): Product => ({ ingredients, dosageForm, therapeuticEquivalence: therapeuticEquivalence ?? null })

const whyNot = (daw: number, { therapeuticEquivalence }: DrugFact): string =>
  daw === 1 || daw === 7 ? `${dawCodes[daw]} (NCPDP 408-D8 ${daw})`
    : `not the same ingredients, strength and form with an A rating of the FDA (this product's code: ${therapeuticEquivalence ?? 'none'})`
