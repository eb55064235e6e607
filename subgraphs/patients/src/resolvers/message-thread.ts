import { notFound } from '@pharmagraph/platform'
import type { MessageThreadResolvers } from '../generated/resolvers.ts'

export const messageThreadResolvers: MessageThreadResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.thread.load(id),
  patient: async ({ patientId }, _args, { loaders }) => {
    const patient = await loaders.patient.load(patientId)
    if (!patient) throw notFound('patient')
    return patient
  },
  prescription: ({ prescriptionId }) => (prescriptionId ? { __typename: 'Prescription', id: prescriptionId } : null),
  messages: ({ id }, _args, { loaders }) => loaders.messages.load(id),
}
