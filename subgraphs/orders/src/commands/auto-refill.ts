/** An automatic refill from its notice to its order (domain: the patient is told a few days before, and may change or skip it). */
import { createHash } from 'node:crypto'
import { addDays, apply, begin, clock, invalid, isId, newId, notFound, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import { AutoRefill, AutoRefillPlan, waitingAutoRefills } from '../entities/auto-refill.ts'
import { Cart, CartLine } from '../entities/cart.ts'
import { AddressFact, ConsentFact, DrugFact, PrescriptionFact } from '../entities/facts.ts'
import type { Delivery, Order } from '../entities/order.ts'
import { SavedMethod } from '../entities/payment-method.ts'
import { autoRefillLifecycle } from '../lifecycles/auto-refill.ts'
import { notOrderable } from '../not-orderable.ts'
import { autoRefillRowFor, mostDaysAway, orderDay } from '../policies/auto-refill.ts'
import { readiness, type Ready } from '../reads/auto-refill-obstacle.ts'
import { scopesFor } from '../reads/delegations.ts'
import { addressProblem, lineProblem } from '../reads/line-problem.ts'
import { lockPatient } from '../reads/open-cart.ts'
import { quote } from '../reads/quote.ts'
import { reason } from '../reasons.ts'
import { placeOrder } from './place-order.ts'

type Plan = { prescriptionId: string; addressId: string; paymentMethodId: string; delivery?: Delivery | null | undefined; priceCeilingMinor: number }

/** The patient says how automatic refills of a prescription are ordered; said again it is changed, for the one under way too. */
export async function arrangeAutoRefill(em: EntityManager, actor: Actor, input: Plan): Promise<AutoRefillPlan> {
  const { patientId } = actor
  access.must(actor, 'methods:own', { patientId })
  if (!Number.isSafeInteger(input.priceCeilingMinor) || input.priceCeilingMinor < 1) throw invalid('priceCeilingMinor', 'the most it may cost is more than zero, in minor units')
  const consent = await em.findOne(ConsentFact, { patientId: patientId!, purpose: 'AUTO_REFILL' })
  if (!consent?.granted) throw notOrderable('AUTO_REFILL_CONSENT_MISSING')
  const prescription = isId(input.prescriptionId) ? await em.findOne(PrescriptionFact, { id: input.prescriptionId }) : null
  const drug = prescription?.drugId ? await em.findOne(DrugFact, { id: prescription.drugId }) : null
  const problem = lineProblem(patientId!, { prescriptionId: input.prescriptionId, quantity: prescription?.quantity ?? 0, packages: null }, { drug, prescription }, clock.today())
  if (problem && problem.code !== 'PRESCRIPTION_ON_HOLD') throw notOrderable(problem)
  if (autoRefillRowFor(drug!.deaSchedule, clock.today()).does === 'NEVER') throw notOrderable('NOT_REFILLED')
  const address = isId(input.addressId) ? await em.findOne(AddressFact, { id: input.addressId }) : null
  const unreachable = addressProblem(patientId!, address)
  if (unreachable) throw notOrderable(unreachable)
  if (!(await em.count(SavedMethod, { id: input.paymentMethodId, patientId: patientId!, removedAt: null }))) throw invalid('paymentMethodId', 'no such payment method: save one first, for use without you')

  await lockPatient(em, patientId!)
  const plan = (await em.findOne(AutoRefillPlan, { prescriptionId: input.prescriptionId })) ?? em.create(AutoRefillPlan, { prescriptionId: input.prescriptionId } as never)
  Object.assign(plan, {
    patientId, drugId: drug!.id, addressId: address!.id, paymentMethodId: input.paymentMethodId, delivery: input.delivery ?? 'AS_READY', ceilingMinor: input.priceCeilingMinor, currency: drug!.currency,
  })
  await em.flush()
  return plan
}

/** A refill is due: the patient is told the day its order is placed, or asked where it may not be placed without them. */
export async function planAutoRefill(em: EntityManager, actor: Actor, { refillRequestId, prescriptionId, patientId, runsOutOn }: EventMap['prescriptions.auto-refill-due.v1']): Promise<void> {
  if (await em.count(AutoRefill, { id: refillRequestId })) return
  const plan = await em.findOne(AutoRefillPlan, { prescriptionId })
  const ready = await readiness(em, { prescriptionId, patientId, createdAt: clock.now() }, plan)
  const obstacle = 'verb' in ready ? ready : undefined
  const status = !obstacle ? 'SCHEDULED' : obstacle.verb === 'ask' ? 'ASKING' : 'WITHDRAWN'
  const refill = em.create(AutoRefill, {
    id: refillRequestId, prescriptionId, patientId, status, reasonCode: obstacle?.code ?? null, runsOutOn: runsOutOn ?? null, orderOn: orderDay(clock.today(), runsOutOn ?? null), orders: 0,
  })
  begin(em, actor, autoRefillLifecycle, refill, 'announce')
}

/** On its day: the order is placed without the patient, or they are asked. One transaction, so a crash leaves all of it or nothing. */
export async function placeAutoRefill(em: EntityManager, actor: Actor, id: string): Promise<void> {
  const refill = await lockRefill(em, id)
  if (refill?.status !== 'SCHEDULED' || refill.orderOn > clock.today()) return
  const plan = await em.findOne(AutoRefillPlan, { prescriptionId: refill.prescriptionId })
  const ready = await readiness(em, refill, plan)
  if ('verb' in ready) return move(em, actor, refill, ready.verb, ready.code)
  await order(em, actor, refill, plan!, ready, 'place')
}

/** The patient says yes, to a refill that asks or before its day, at a total they have seen. */
export async function confirmAutoRefill(em: EntityManager, actor: Actor, input: { autoRefillId: string; totalMinor: number }): Promise<AutoRefill> {
  const refill = await lockRefill(em, input.autoRefillId)
  if (!refill || refill.patientId !== actor.patientId) throw notFound('automatic refill')
  access.must(actor, 'methods:own', { patientId: refill.patientId })
  // asked again after an answer was lost, the order is there
  if (refill.status === 'ORDERED') return refill
  if (!('confirm' in autoRefillLifecycle.table[refill.status])) apply(em, actor, autoRefillLifecycle, refill, 'confirm') // refuses, with what is allowed
  const plan = await em.findOne(AutoRefillPlan, { prescriptionId: refill.prescriptionId })
  const ready = await readiness(em, refill, plan, { confirmed: true })
  if ('verb' in ready) throw notOrderable(reason(ready.code))
  if (ready.total.amountMinor > input.totalMinor) throw notOrderable('PRICE_CHANGED')
  plan!.drugId = ready.wanted.drugId
  await order(em, actor, refill, plan!, ready, 'confirm')
  return refill
}

/** Not this time: the wish for the refill is taken back as well. */
export async function skipAutoRefill(em: EntityManager, actor: Actor, { autoRefillId }: { autoRefillId: string }): Promise<AutoRefill> {
  const refill = await theirs(em, actor, autoRefillId)
  if (refill.status === 'SKIPPED') return refill
  move(em, actor, refill, 'skip', actor.patientId === refill.patientId ? 'PATIENT_ASKED' : 'CAREGIVER_ASKED')
  return refill
}

/** Another day for the order, from tomorrow on. */
export async function rescheduleAutoRefill(em: EntityManager, actor: Actor, { autoRefillId, orderOn }: { autoRefillId: string; orderOn: string }): Promise<AutoRefill> {
  const refill = await theirs(em, actor, autoRefillId)
  const today = clock.today()
  if (orderOn <= today || orderOn > addDays(today, mostDaysAway)) throw invalid('orderOn', `a day from tomorrow to ${mostDaysAway} days from now`)
  refill.orderOn = orderOn
  move(em, actor, refill, 'reschedule', null)
  return refill
}

/** What waits for an order builds on nothing any more: a consent withdrawn, a prescription ended, a wish taken back. */
export async function withdrawAutoRefills(em: EntityManager, actor: Actor, of: { id: string } | { patientId: string } | { prescriptionId: string }, reasonCode: string): Promise<void> {
  const waiting = await em.find(AutoRefill, { ...of, status: { $in: [...waitingAutoRefills] } }, { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE })
  for (const refill of waiting) move(em, actor, refill, 'withdraw', reasonCode)
}

/** Carts and orders of one patient come one after another, and so do their refills: the patient first, then the row. */
export async function lockRefill(em: EntityManager, id: string): Promise<AutoRefill | null> {
  const [row] = isId(id) ? await em.execute<{ patient_id: string }[]>('select patient_id from auto_refill where id = ?', [id]) : []
  if (!row) return null
  await lockPatient(em, row.patient_id)
  return em.findOne(AutoRefill, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE })
}

async function theirs(em: EntityManager, actor: Actor, id: string): Promise<AutoRefill> {
  const refill = await lockRefill(em, id)
  if (!refill || !access.can(actor, 'cart:edit', { patientId: refill.patientId, delegated: await scopesFor(em, actor, refill.patientId) })) throw notFound('automatic refill')
  return refill
}

export function move(em: EntityManager, actor: Actor, refill: AutoRefill, verb: string, reasonCode: string | null): void {
  apply(em, actor, autoRefillLifecycle, refill, verb, reasonCode ? { reason: reasonCode } : {})
  Object.assign(refill, { reasonCode, statusSince: clock.now() })
}

async function order(em: EntityManager, actor: Actor, refill: AutoRefill, plan: AutoRefillPlan, { wanted, address }: Ready, verb: 'place' | 'confirm'): Promise<Order> {
  const { patientId } = refill
  const cart = em.create(Cart, { id: newId(), patientId, status: 'CHECKED_OUT' })
  const line = em.create(CartLine, { id: newId(), cartId: cart.id, ...wanted })
  await em.flush()
  const quoted = await quote(em, patientId, [line], address)
  refill.orders += 1
  const { addressId, paymentMethodId, delivery } = plan
  const placed = await placeOrder(em, actor, {
    cart, address, ...quoted, delivery, paymentMethodId, offSession: true, autoRefillId: refill.id, unattended: verb === 'place', idempotencyKey: `auto-refill:${refill.id}:${refill.orders}`,
    inputHash: createHash('sha256').update(JSON.stringify([refill.id, addressId, paymentMethodId, delivery])).digest('hex'),
  })
  refill.orderId = placed.id
  move(em, actor, refill, verb, null)
  return placed
}
