import { defineLifecycle, emit, to } from '@pharmagraph/platform'
import { owed, type OwedBalance, type OwedBalanceState } from '../entities/owed-balance.ts'

const system = ['system'] as const

export const owedBalanceLifecycle = defineLifecycle<OwedBalanceState, OwedBalance>({
  name: 'owed balance',
  initial: 'OWED',
  table: {
    OWED: { complete: to('COMPLETED', { by: system }), void: to('VOID', { by: system }) },
    // a part went back on the shelf
    COMPLETED: { reopen: to('OWED', { by: system }) },
    VOID: {},
  },
  announce: (em, actor, balance, { from, to: next, reason }) =>
    emit(em, actor, 'prescriptions.owed-balance-changed.v1', balance.id, {
      balanceId: balance.id, prescriptionId: balance.prescriptionId, fillId: balance.fillId, from: from || null, to: next, reasonCode: reason ?? null,
      owed: owed(balance), deadline: balance.deadline.toISOString(),
    }),
})
