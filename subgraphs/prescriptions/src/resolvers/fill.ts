import { allowedActions } from '@pharmagraph/platform'
import type { FillLotResolvers, FillResolvers } from '../generated/resolvers.ts'
import { fillLifecycle } from '../lifecycles/fill.ts'

export const fillResolvers: FillResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.fill.load(id),
  prescription: async ({ prescriptionId }, _args, { loaders }) => (await loaders.prescription.load(prescriptionId))!,
  order: ({ orderId }) => ({ id: orderId }),
  statusReason: ({ statusReasonCode: code, statusReasonMessage: message }) => (code ? { code, message: message ?? code } : null),
  history: ({ id }, _args, { loaders }) => loaders.historyOf.load(id),
  allowedActions: (fill, _args, { actor }) => allowedActions(fillLifecycle, fill, actor),
}

export const fillLotResolvers: FillLotResolvers = {
  lot: ({ lotId }) => ({ id: lotId }),
}
