import { newId, type EntityManager } from '@pharmagraph/platform'
import { LedgerEntry, type Payment } from '../entities/payment.ts'

type Account = LedgerEntry['account']

/** One movement of the ledger: two rows that sum to zero. Nothing for zero or less. */
export function postMovement(em: EntityManager, payment: Payment, kind: LedgerEntry['kind'], debit: Account, credit: Account, amountMinor: number): void {
  if (amountMinor <= 0) return
  const movementId = newId()
  for (const [account, sign] of [[debit, 1], [credit, -1]] as const) {
    em.create(LedgerEntry, { movementId, paymentId: payment.id, kind, account, amountMinor: sign * amountMinor, currency: payment.currency })
  }
}
