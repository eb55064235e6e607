import { AppError, clock, type EntityManager, type Money } from '@pharmagraph/platform'
import type { AutoRefill, AutoRefillPlan } from '../entities/auto-refill.ts'
import { AddressFact, ConsentFact, DrugFact, PrescriptionFact } from '../entities/facts.ts'
import { Order, OrderLine } from '../entities/order.ts'
import { SavedMethod } from '../entities/payment-method.ts'
import { isOff } from '../lifecycles/order.ts'
import { autoRefillRowFor } from '../policies/auto-refill.ts'
import type { ReasonCode } from '../reasons.ts'
import { isLost } from './amount-due.ts'
import { addressProblem } from './line-problem.ts'
import { quote, type Wanted } from './quote.ts'

/** `ask`: the patient decides. `withdraw`: nothing is left to decide. */
export type Obstacle = { verb: 'ask' | 'withdraw'; code: string }
export type Ready = { wanted: Wanted; address: AddressFact; total: Money }

const ask = (code: ReasonCode): Obstacle => ({ verb: 'ask', code })
const withdraw = (code: ReasonCode): Obstacle => ({ verb: 'withdraw', code })
/** Of a prescription in such a way nothing is refilled any more. */
const over: ReadonlySet<string> = new Set<ReasonCode>(['PRESCRIPTION_NOT_KNOWN', 'PRESCRIPTION_ENDED', 'PRESCRIPTION_EXPIRED', 'NO_REFILLS_LEFT', 'NOT_DISPENSABLE'])
/** Only for what is done without the patient; by confirming they say yes to it. */
const answered: ReadonlySet<string> = new Set<ReasonCode>(['CONFIRMATION_NEEDED', 'DRUG_CHANGED', 'PRICE_ABOVE_CEILING'])

/**
 * What of consent, prescription, plan, address, method and price stands in the way of ordering this refill now; or, where nothing does, what would be
 * ordered and its total. `confirmed`: the patient asks for it, knowing product and price.
 */
export async function readiness(em: EntityManager, refill: Pick<AutoRefill, 'prescriptionId' | 'patientId' | 'createdAt'>, plan: AutoRefillPlan | null, { confirmed = false } = {}): Promise<Obstacle | Ready> {
  const { prescriptionId, patientId } = refill
  const found = await examine(em, prescriptionId, patientId, refill.createdAt, plan)
  if (!('obstacles' in found)) return found
  const left = found.obstacles.filter(({ code }) => !(confirmed && answered.has(code)))
  return left[0] ?? found
}

async function examine(em: EntityManager, prescriptionId: string, patientId: string, since: Date, plan: AutoRefillPlan | null): Promise<Obstacle | (Ready & { obstacles: Obstacle[] })> {
  const today = clock.today()
  const consent = await em.findOne(ConsentFact, { patientId, purpose: 'AUTO_REFILL' })
  if (!consent?.granted) return withdraw('CONSENT_WITHDRAWN')
  if (await orderedOtherwise(em, prescriptionId, since)) return withdraw('ORDERED_OTHERWISE')
  const prescription = await em.findOne(PrescriptionFact, { id: prescriptionId })
  const drug = prescription?.drugId ? await em.findOne(DrugFact, { id: prescription.drugId }) : null
  if (drug && autoRefillRowFor(drug.deaSchedule, today).does === 'NEVER') return withdraw('NOT_REFILLED')
  if (!plan || plan.patientId !== patientId) return ask('NOT_ARRANGED')

  const address = await em.findOne(AddressFact, { id: plan.addressId })
  const unreachable = addressProblem(patientId, address)
  if (unreachable) return { verb: 'ask', code: unreachable.code }
  const method = await em.findOne(SavedMethod, { id: plan.paymentMethodId, patientId, removedAt: null })
  if (!method || `${method.expYear}-${String(method.expMonth).padStart(2, '0')}` < today.slice(0, 7)) return ask('PAYMENT_METHOD_GONE')

  const wanted: Wanted = { drugId: prescription?.drugId ?? plan.drugId, prescriptionId, quantity: prescription?.quantity ?? 0, packages: null }
  const quoted = await quote(em, patientId, [wanted], address!).catch((error: unknown): Obstacle => {
    if (!(error instanceof AppError) || error.row.problem !== 'NotOrderable') throw error
    return { verb: over.has(error.code) ? 'withdraw' : 'ask', code: error.code }
  })
  if ('verb' in quoted) return quoted
  const { total } = quoted.totals
  return {
    wanted, address: address!, total,
    obstacles: [
      ...(drug && autoRefillRowFor(drug.deaSchedule, today).does === 'ASK' ? [ask('CONFIRMATION_NEEDED')] : []),
      ...(plan.drugId === wanted.drugId ? [] : [ask('DRUG_CHANGED')]),
      ...(total.amountMinor <= plan.ceilingMinor && total.currency === plan.currency ? [] : [ask('PRICE_ABOVE_CEILING')]),
    ],
  }
}

/** Whether the patient ordered the same prescription themselves since. */
async function orderedOtherwise(em: EntityManager, prescriptionId: string, since: Date): Promise<boolean> {
  const lines = (await em.find(OrderLine, { prescriptionId })).filter((line) => !isLost(line))
  const orders = await em.find(Order, { id: { $in: lines.map(({ orderId }) => orderId) }, createdAt: { $gte: since } })
  return orders.some(({ status }) => !isOff(status))
}
