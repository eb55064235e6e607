import { apply, clock, invalid, notFound, systemActor, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import type { PrescriptionContent } from '../content.ts'
import { DrugFact } from '../entities/facts.ts'
import { chainOf, type Prescription } from '../entities/prescription.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'
import { mustHaveSecondFactor, refused } from '../refusals.ts'
import { isAsVerified, isIntact } from '../integrity/prescription.ts'
import type { Services } from '../services.ts'
import { voidOwed } from './book-part.ts'
import { endFills } from './end-fills.ts'
import { lockedPrescription } from './hold-prescription.ts'
import { receivePrescription } from './receive-prescription.ts'
import { contentAltered } from './verify-prescription.ts'
import { withdrawWorkItems } from './withdraw-work-items.ts'

export type Amendment = {
  prescriptionId: string; sig?: string | null | undefined; quantity?: number | null | undefined; daysSupply?: number | null | undefined; daw?: number | null | undefined
  /** How the prescriber agreed, where a pharmacist writes it down. */
  agreement?: string | null | undefined
}

/**
 * A verified prescription is never edited: the amendment is a new version with what is left of the refills, the same day of
 * issue and its own review, and the old one ends now. Written by its prescriber, or by a pharmacist after speaking to them.
 */
export async function amendPrescription(em: EntityManager, actor: Actor, services: Services, input: Amendment): Promise<Prescription> {
  const author = access.can(actor, 'intake:submit', undefined)
  if (!author) access.must(actor, 'review:decide', undefined)
  const prior = await lockedPrescription(em, input.prescriptionId)
  if (author && prior.practitionerId !== actor.practitionerId) throw notFound('prescription')
  if (!author && (input.agreement?.trim().length ?? 0) < 10) throw invalid('agreement', 'say in at least 10 characters how and when the prescriber agreed')
  if ((input.agreement?.length ?? 0) > 500) throw invalid('agreement', 'the agreement must have at most 500 characters')
  mustHaveSecondFactor(actor, prior.deaSchedule)
  const content = await services.vault.open<PrescriptionContent>(em, prior.sealedFor, prior.sealed)
  const refuse = (refusal: { code: string; message: string }) => refused(prescriptionLifecycle, prior, actor, refusal)
  if (!isIntact(services.signer, prior, content) || !isAsVerified(services.signer, prior)) throw refuse(contentAltered)
  if (prior.oralAuthorisedAt) throw refuse({ code: 'EMERGENCY_ORAL', message: 'an oral order in an emergency is not changed: the prescriber gives another one (21 CFR 1306.11(d))' })
  const fillsLeft = prior.refillsAuthorized + 1 - prior.fillsReleased
  if (fillsLeft < 1) throw refuse({ code: 'NO_REFILLS_LEFT', message: 'nothing is left of it to fill: ask for a new prescription' })
  const changes = changesOf(input, content)

  apply(em, actor, prescriptionLifecycle, prior, 'supersede', { reason: 'SUPERSEDED' })
  prior.statusReasonCode = 'SUPERSEDED'
  await endFills(em, prior.id, { code: 'SUPERSEDED', message: 'a new version of the prescription takes its place' })
  await withdrawWorkItems(em, { prescriptionId: prior.id }, 'SUPERSEDED')
  await voidOwed(em, prior, 'SUPERSEDED')

  const drug = prior.drugId ? await em.findOneOrFail(DrugFact, { drugId: prior.drugId }) : null
  const next = await receivePrescription(em, systemActor('prescriptions'), services, {
    content: {
      ...content, ...changes, refills: fillsLeft - 1,
      patient: { ...content.patient, ...(prior.patientId ? { id: prior.patientId } : {}) },
      drug: { ...content.drug, ...(drug ? { ndc: drug.ndc } : {}) },
      daysSupply: changes.daysSupply ?? content.daysSupply ?? prior.daysSupply ?? null,
      ...(input.agreement ? { note: [content.note, `Amended ${clock.today()}: ${input.agreement}`].filter(Boolean).join('; ') } : {}),
    },
    source: prior.source, externalKey: `amendment:${prior.id}`, messageId: prior.messageId ?? undefined, prescriberOrderNumber: prior.prescriberOrderNumber ?? undefined,
  })
  // who wrote it down does not verify it
  Object.assign(next, { priorPrescriptionId: prior.id, chainId: chainOf(prior), supplyUntil: prior.supplyUntil, autoRefill: prior.autoRefill, submittedBy: actor.subject })
  return next
}

/** What differs from the version before; nothing is no amendment. */
function changesOf({ sig, quantity, daysSupply, daw }: Amendment, content: PrescriptionContent): Partial<PrescriptionContent> {
  const wanted = { sig, quantity, daysSupply, daw }
  const changes = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => value !== null && value !== undefined && value !== content[name as keyof typeof wanted]))
  if (Object.keys(changes).length === 0) throw invalid('prescriptionId', 'the amendment changes nothing')
  return changes
}
