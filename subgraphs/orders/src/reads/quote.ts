import { clock, type EntityManager, type Money } from '@pharmagraph/platform'
import type { CartLine } from '../entities/cart.ts'
import { AddressFact, ConsentFact, DrugFact, PrescriptionFact } from '../entities/facts.ts'
import { notOrderable } from '../not-orderable.ts'
import { lineTax, lineTotal, totalsOf, type Totals } from '../pricing.ts'
import { lineProblem } from './line-problem.ts'

export type Wanted = Pick<CartLine, 'drugId' | 'prescriptionId' | 'quantity' | 'packages'>
export type QuotedLine<Line extends Wanted = Wanted> = { line: Line; drug: DrugFact; prescription: PrescriptionFact | null; total: Money; tax: Money; unitPriceMinor?: number }

/** What these lines cost this patient today, sent to this address. Throws NotOrderable with what stands in the way of the first that may not be ordered. */
export async function quote<Line extends Wanted>(em: EntityManager, patientId: string, wanted: readonly Line[], address: AddressFact): Promise<{ lines: QuotedLine<Line>[]; totals: Totals }> {
  if (wanted.length === 0) throw notOrderable('CART_EMPTY')
  if (wanted.some(({ prescriptionId }) => prescriptionId)) await mustConsent(em, patientId)
  const drugs = await factsOf(em, DrugFact, wanted.map(({ drugId }) => drugId))
  const prescriptions = await factsOf(em, PrescriptionFact, wanted.flatMap(({ prescriptionId }) => prescriptionId ?? []))
  const today = clock.today()
  const lines = wanted.map((line) => {
    const drug = drugs.get(line.drugId) ?? null
    const prescription = prescriptions.get(line.prescriptionId ?? '') ?? null
    const problem = lineProblem(patientId, line, { drug, prescription }, today)
    if (problem) throw notOrderable(problem)
    const total = lineTotal(drug!, line.quantity)
    const tax = lineTax(total, line.prescriptionId ? 'PRESCRIPTION' : 'OVER_THE_COUNTER', address.state, today)
    return { line, drug: drug!, prescription, total, tax }
  })
  return { lines, totals: totalsOf(lines, today) }
}

/** 45 CFR 164.506 allows dispensing without it; the house asks all the same, per purpose (S50). */
async function mustConsent(em: EntityManager, patientId: string): Promise<void> {
  const consent = await em.findOne(ConsentFact, { patientId, purpose: 'DISPENSING' })
  if (!consent?.granted) throw notOrderable('CONSENT_MISSING')
}

async function factsOf<Fact extends { id: string }>(em: EntityManager, entity: new () => Fact, ids: string[]): Promise<Map<string, Fact>> {
  const found = (await em.find(entity, { id: { $in: ids } } as never)) as Fact[]
  return new Map(found.map((fact) => [fact.id, fact]))
}
