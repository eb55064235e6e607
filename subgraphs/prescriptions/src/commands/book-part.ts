/** Keeps what is owed of a fill: opened by its first part, filled up by the next ones, void after its deadline. */
import { LockMode } from '@mikro-orm/postgresql'
import { apply, begin, clock, newId, systemActor, type EntityManager } from '@pharmagraph/platform'
import type { Fill } from '../entities/fill.ts'
import { OwedBalance, owed } from '../entities/owed-balance.ts'
import type { Prescription } from '../entities/prescription.ts'
import { owedBalanceLifecycle } from '../lifecycles/owed-balance.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'
import { fillableOf } from '../reads/fillable.ts'
import { partialFillDeadline, partialFillRule } from '../regulations/partial-fill.ts'

const actor = systemActor('prescriptions')

export const balanceOf = (em: EntityManager, where: { id: string } | { fillId: string } | { prescriptionId: string; status: 'OWED' }): Promise<OwedBalance | null> =>
  em.findOne(OwedBalance, where, { lockMode: LockMode.PESSIMISTIC_WRITE })

/** Books a released fill. Answers whether it counts as a refill: a later part does not (21 CFR 1306.23). */
export async function bookPart(em: EntityManager, fill: Fill, prescription: Prescription): Promise<boolean> {
  const open = fill.balanceId ? await balanceOf(em, { id: fill.balanceId }) : null
  if (!open && !fill.partCause) return true
  const balance = open ?? openBalance(em, fill, prescription)
  if (open) balance.dispensed += fill.quantity
  if (owed(balance) === 0) apply(em, actor, owedBalanceLifecycle, balance, 'complete', { reason: 'DISPENSED' })
  owe(em, prescription, balance)
  return !open
}

function openBalance(em: EntityManager, fill: Fill, prescription: Prescription): OwedBalance {
  const cause = fill.partCause!
  const at = fill.releasedAt!
  const fillable = fillableOf(prescription, [], fill.destinationState)
  const balance = em.create(OwedBalance, {
    id: newId(), prescriptionId: prescription.id, fillId: fill.id, number: fill.number, status: 'OWED', prescribed: prescription.quantity, dispensed: fill.quantity, cause, firstAt: at,
    deadline: partialFillDeadline(fillable, { cause, firstAt: at }, at)!, rule: partialFillRule(fillable, cause, clock.dayOf(at))!.id,
  })
  begin(em, actor, owedBalanceLifecycle, balance, 'open')
  return balance
}

/** Writes what the balance leaves to the prescription, and tells whom the next order's quantity concerns. */
function owe(em: EntityManager, prescription: Prescription, balance: OwedBalance): void {
  const left = balance.status === 'OWED' ? owed(balance) : null
  if ((prescription.nextQuantity ?? null) === left) return
  prescription.nextQuantity = left
  if (prescription.status === 'VERIFIED') apply(em, actor, prescriptionLifecycle, prescription, left === null ? 'settle' : 'owe', { reason: left === null ? (balance.statusReasonCode ?? 'DISPENSED') : `PART_${balance.cause}`.slice(0, 60) })
}

/** The next fill is whole again. */
export function settle(em: EntityManager, prescription: Prescription): void {
  prescription.nextQuantity = null
  apply(em, actor, prescriptionLifecycle, prescription, 'settle', { reason: 'SHORT_FILL_DISPENSED' })
}

/** The rest is not dispensed any more. The prescription goes on with its refills, if it has any. */
export function voidBalance(em: EntityManager, prescription: Prescription, balance: OwedBalance, reason: string): void {
  balance.statusReasonCode = reason
  apply(em, actor, owedBalanceLifecycle, balance, 'void', { reason })
  owe(em, prescription, balance)
  depleteWhenUsed(em, prescription)
}

/** The prescription has ended: what was still owed of it is void. */
export async function voidOwed(em: EntityManager, prescription: Prescription, reason: string): Promise<void> {
  const balance = await balanceOf(em, { prescriptionId: prescription.id, status: 'OWED' })
  if (balance) voidBalance(em, prescription, balance, reason)
}

/** Nothing is left to fill: no refill, and nothing owed. */
export function depleteWhenUsed(em: EntityManager, prescription: Prescription): void {
  const used = prescription.fillsReleased > prescription.refillsAuthorized && (prescription.nextQuantity ?? null) === null
  if (used && prescription.status === 'VERIFIED') apply(em, actor, prescriptionLifecycle, prescription, 'deplete', { reason: 'ALL_DISPENSED' })
}

/** Takes back what `bookPart` booked. Answers whether the refill was counted for this fill and is to be given back. */
export async function unbookPart(em: EntityManager, fill: Fill, prescription: Prescription): Promise<boolean> {
  const balance = fill.balanceId ? await balanceOf(em, { id: fill.balanceId }) : fill.partCause ? await balanceOf(em, { fillId: fill.id }) : null
  if (!balance) return true
  balance.dispensed -= fill.quantity
  if (balance.dispensed <= 0) {
    if (balance.status === 'COMPLETED') apply(em, actor, owedBalanceLifecycle, balance, 'reopen', { reason: 'RETURNED_TO_STOCK' })
    if (balance.status === 'OWED') voidBalance(em, prescription, balance, 'RETURNED_TO_STOCK')
    return true
  }
  if (balance.status === 'COMPLETED') apply(em, actor, owedBalanceLifecycle, balance, 'reopen', { reason: 'RETURNED_TO_STOCK' })
  owe(em, prescription, balance)
  return false
}
