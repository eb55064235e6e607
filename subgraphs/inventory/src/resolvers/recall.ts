import { allowedActions, isId } from '@pharmagraph/platform'
import type { AffectedFillResolvers, RecallNoticeResolvers, RecallResolvers } from '../generated/resolvers.ts'
import { recallLifecycle, recallNoticeLifecycle } from '../lifecycles/recall.ts'
import { progressOf } from '../reads/recalls.ts'

export const recallResolvers: RecallResolvers = {
  __resolveReference: ({ id }, { loaders }) => (isId(id) ? loaders.recall.load(id) : null),
  ndcs: ({ ndc12s }) => ndc12s,
  lots: async ({ id }, _args, { loaders }) => Promise.all((await loaders.lotsOfRecall.load(id)).map(async ({ lotId }) => (await loaders.lot.load(lotId))!)),
  affectedFills: ({ id }, _args, { loaders }) => loaders.affectedFills.load(id),
  parcelsToStop: async ({ id }, _args, { loaders }) =>
    [...new Set((await loaders.affectedFills.load(id)).filter(({ shippedAt }) => !shippedAt).map(({ orderId }) => orderId))].map((orderId) => ({ id: orderId })),
  progress: async ({ id }, _args, { loaders }) => progressOf(await loaders.affectedFills.load(id), await loaders.noticesOfRecall.load(id)),
  allowedActions: (recall, _args, { actor }) => allowedActions(recallLifecycle, recall, actor),
}

export const affectedFillResolvers: AffectedFillResolvers = {
  order: ({ orderId }) => ({ id: orderId }),
  patient: ({ patientId }) => ({ id: patientId }),
  lot: async ({ lotId }, _args, { loaders }) => (await loaders.lot.load(lotId))!,
  notice: ({ noticeId }, _args, { loaders }) => (noticeId ? loaders.recallNotice.load(noticeId) : null),
}

export const recallNoticeResolvers: RecallNoticeResolvers = {
  __resolveReference: ({ id }, { loaders }) => (isId(id) ? loaders.recallNotice.load(id) : null),
  recallClass: async ({ recallId }, _args, { loaders }) => (await loaders.recallOfNotice.load(recallId))!.recallClass,
  reason: async ({ recallId }, _args, { loaders }) => (await loaders.recallOfNotice.load(recallId))!.reason,
  lotNumbers: async ({ recallId }, _args, { loaders }) => (await loaders.recallOfNotice.load(recallId))!.lotNumbers,
  patient: ({ patientId }) => ({ id: patientId }),
  allowedActions: (notice, _args, { actor }) => allowedActions(recallNoticeLifecycle, notice, actor),
}
