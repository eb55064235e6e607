import { allowedActions } from '@pharmagraph/platform'
import type { EmergencyDutyResolvers, EmergencyFollowUpResolvers } from '../generated/resolvers.ts'
import { emergencyFollowUpLifecycle } from '../lifecycles/emergency-follow-up.ts'
import { dutiesOf } from '../reads/emergency-follow-ups.ts'
import { citation } from '../regulations/decisions.ts'

export const emergencyFollowUpResolvers: EmergencyFollowUpResolvers = {
  prescription: ({ prescriptionId }, _args, { loaders }) => loaders.prescription.load(prescriptionId),
  rule: ({ rule }) => citation(rule),
  receivedAs: ({ receivedAt, answeredBy }) => (!receivedAt ? null : answeredBy ? 'ELECTRONIC' : 'PAPER'),
  electronic: ({ answeredBy }, _args, { loaders }) => (answeredBy ? loaders.prescription.load(answeredBy) : null),
  candidates: ({ prescriptionId, receivedAt }, _args, { loaders }) => (receivedAt ? [] : loaders.emergencyCandidates.load(prescriptionId)),
  duties: async (followUp, _args, { loaders }) => {
    const [oral, fills] = await Promise.all([loaders.prescription.load(followUp.prescriptionId), loaders.fillsKept.load(followUp.prescriptionId)])
    const released = fills.flatMap(({ releasedAt }) => releasedAt ?? []).sort((a, b) => a.getTime() - b.getTime())
    return dutiesOf(followUp, oral?.patientState ?? null, released[0] ?? null)
  },
  history: ({ id }, _args, { loaders }) => loaders.historyOf.load(id),
  allowedActions: (followUp, _args, { actor }) => allowedActions(emergencyFollowUpLifecycle, followUp, actor),
}

export const emergencyDutyResolvers: EmergencyDutyResolvers = {
  rule: ({ rule, source }) => ({ rule, source }),
  notice: ({ notice }) => notice && { on: notice.on, reference: notice.reference, recordedAt: new Date(notice.recordedAt) },
}
