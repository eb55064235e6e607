import { allowedActions } from '@pharmagraph/platform'
import { certificateOf } from '../commands/erase-patient.ts'
import type { ErasureRequestResolvers } from '../generated/resolvers.ts'
import { erasureLifecycle } from '../lifecycles/erasure.ts'
import { keptUntil, retentionClocks } from '../retention.ts'

export const erasureRequestResolvers: ErasureRequestResolvers = {
  keptUntil: async ({ patientId, erasedAt }, _args, { loaders }) => {
    const fact = erasedAt ? null : await loaders.recordFact.load(patientId)
    return fact ? keptUntil(fact.lastEntryAt) : null
  },
  keptBecause: async ({ patientId, erasedAt }, _args, { loaders }) => (!erasedAt && (await loaders.recordFact.load(patientId)) ? [...retentionClocks] : []),
  confirmations: ({ id }, _args, { loaders }) => loaders.confirmations.load(id),
  certificate: async (request, _args, { loaders }) => (request.certificateHash ? certificateOf(request, await loaders.confirmations.load(request.id)) : null),
  allowedActions: (request, _args, { actor }) => allowedActions(erasureLifecycle, request, actor),
}
