import { allowedActions } from '@pharmagraph/platform'
import type { OwedBalanceResolvers, RefillRequestResolvers, SyncStepResolvers } from '../generated/resolvers.ts'
import { refillRequestLifecycle } from '../lifecycles/refill-request.ts'
import { reasonSentence } from '../reads/reason-sentence.ts'
import { citation } from '../regulations/decisions.ts'

const reason = (code: string): { code: string; message: string } => ({ code, message: reasonSentence(code) })

export const refillRequestResolvers: RefillRequestResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.refillRequest.load(id),
  prescription: ({ prescriptionId }, _args, { loaders }) => loaders.prescription.load(prescriptionId),
  reason: ({ reasonCode }) => reason(reasonCode),
  rule: ({ rule }) => (rule ? citation(rule) : null),
  order: ({ orderId }) => (orderId ? { id: orderId } : null),
  renewedBy: ({ renewedById }, _args, { loaders }) => (renewedById ? loaders.prescription.load(renewedById) : null),
  history: ({ id }, _args, { loaders }) => loaders.historyOf.load(id),
  allowedActions: (request, _args, { actor }) => allowedActions(refillRequestLifecycle, request, actor),
}

export const owedBalanceResolvers: OwedBalanceResolvers = {
  statusReason: ({ statusReasonCode: code }) => (code ? reason(code) : null),
  rule: ({ rule }) => citation(rule),
  history: ({ id }, _args, { loaders }) => loaders.historyOf.load(id),
}

export const syncStepResolvers: SyncStepResolvers = {
  prescription: ({ prescriptionId }, _args, { loaders }) => loaders.prescription.load(prescriptionId),
  reason: ({ reasonCode }) => reason(reasonCode),
}
