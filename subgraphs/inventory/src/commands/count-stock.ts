import { addDays, apply, begin, clock, invalid, isId, newId, notFound, problem, systemActor, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import { nextBusinessDay } from '../business-days.ts'
import { DrugFact } from '../entities/drug-fact.ts'
import { LossCase } from '../entities/loss-case.ts'
import type { Lot } from '../entities/lot.ts'
import { StockCount } from '../entities/stock-count.ts'
import type { AdvanceCountInput } from '../generated/resolvers.ts'
import { countLifecycle, lossCaseLifecycle } from '../lifecycles/stock-count.ts'
import { checkUnits, units } from '../quantity.ts'
import { book, lockLots } from './book.ts'

/** Asks for a blind count of a lot; while one is under way the same is answered. */
export async function requestCount(em: EntityManager, actor: Actor, lotId: string): Promise<StockCount> {
  access.must(actor, 'count:request', undefined)
  const lot = isId(lotId) ? (await lockLots(em, [lotId])).get(lotId) : undefined
  if (!lot) throw notFound('lot')
  const open = await em.findOne(StockCount, { lotId, status: { $ne: 'POSTED' } })
  if (open) return open
  const count = em.create(StockCount, {
    id: newId(), lotId, status: 'REQUESTED', requestedBy: actor.subject, requestedAt: clock.now(), firstBy: null, firstQuantity: null, secondBy: null, secondQuantity: null, variance: null,
  })
  begin(em, actor, countLifecycle, count)
  return count
}

/** Walks a count: start, submit {quantity}, recount {quantity} by a second person, post {reason} by a third. */
export async function advanceCount(em: EntityManager, actor: Actor, { countId, verb, quantity, reason }: AdvanceCountInput): Promise<StockCount> {
  access.must(actor, 'count:advance', undefined)
  const count = isId(countId) ? await em.findOne(StockCount, { id: countId }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null
  if (!count) throw notFound('count')
  const lot = (await lockLots(em, [count.lotId])).get(count.lotId)!
  if (verb === 'post' && !reason?.trim()) throw invalid('reason', 'say what the review found')
  if ((reason ?? '').length > 500) throw invalid('reason', 'keep the reason within 500 characters')
  apply(em, actor, countLifecycle, count, verb, reason ? { reason } : {})
  if (verb === 'submit') submit(em, actor, count, lot, counted(quantity))
  if (verb === 'recount') Object.assign(count, { secondBy: actor.subject, secondQuantity: counted(quantity), variance: units(counted(quantity) - lot.quantityOnHand) })
  if (verb === 'post') await post(em, actor, count, lot, reason!)
  return count
}

function counted(quantity: number | null | undefined): number {
  if (quantity === null || quantity === undefined || quantity < 0) throw invalid('quantity', 'say how many units there are')
  checkUnits('quantity', quantity)
  return quantity
}

function submit(em: EntityManager, actor: Actor, count: StockCount, lot: Lot, quantity: number): void {
  Object.assign(count, { firstBy: actor.subject, firstQuantity: quantity, variance: units(quantity - lot.quantityOnHand) })
  const agrees = count.variance === 0
  apply(em, systemActor('inventory'), countLifecycle, count, agrees ? 'agree' : 'investigate')
  if (agrees) book(em, actor, lot, { type: 'COUNT', reason: 'count agrees', reference: count.id })
}

async function post(em: EntityManager, actor: Actor, count: StockCount, lot: Lot, reason: string): Promise<void> {
  const delta = count.variance!
  const free = units(lot.quantityOnHand - lot.quantityReserved)
  if (free + delta < 0) throw problem('InsufficientStock', 'INSUFFICIENT_STOCK', `${lot.quantityReserved} units are held for orders: cancel or move these first`, { available: free, requested: -delta })
  book(em, actor, lot, { type: 'COUNT', delta, reason, reference: count.id })
  if (delta < 0) await openLossCase(em, actor, lot, -delta)
}

/** Missing units of a controlled substance open a case with its two clocks (C21); of other drugs they are a variance only. */
export async function openLossCase(em: EntityManager, actor: Actor, lot: Lot, quantity: number): Promise<void> {
  const deaSchedule = (await em.findOne(DrugFact, { id: lot.drugId }))?.deaSchedule ?? 'NONE'
  if (deaSchedule === 'NONE') return
  const today = clock.today()
  const loss = em.create(LossCase, {
    id: newId(), lotId: lot.id, drugId: lot.drugId, deaSchedule, quantity, status: 'OPEN',
    discoveredOn: today, noticeDueOn: nextBusinessDay(today), reportDueOn: addDays(today, 45), noticedAt: null, reportedAt: null,
  })
  begin(em, actor, lossCaseLifecycle, loss)
}

/** The notice went out, or Form 106 was filed: `reference` is the DEA's. */
export async function advanceLossCase(em: EntityManager, actor: Actor, { caseId, verb, reference }: { caseId: string; verb: string; reference: string }): Promise<LossCase> {
  access.must(actor, 'loss-case:view', undefined)
  const loss = isId(caseId) ? await em.findOne(LossCase, { id: caseId }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null
  if (!loss) throw notFound('loss-case')
  if (!reference.trim() || reference.length > 100) throw invalid('reference', 'give the reference of the notice or the form, in 1 to 100 characters')
  apply(em, actor, lossCaseLifecycle, loss, verb, { reason: reference })
  return loss
}
