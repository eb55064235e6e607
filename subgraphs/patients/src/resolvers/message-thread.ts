import { notFound } from '@pharmagraph/platform'
import type { MessageThreadResolvers } from '../generated/resolvers.ts'

const newest = <Row>(rows: Row[], last: number | null | undefined): Row[] => (last == null ? rows : rows.slice(Math.max(0, rows.length - Math.max(0, last))))

export const messageThreadResolvers: MessageThreadResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.thread.load(id),
  patient: async ({ patientId }, _args, { loaders }) => {
    const patient = await loaders.patient.load(patientId)
    if (!patient) throw notFound('patient')
    return patient
  },
  prescription: ({ prescriptionId }) => (prescriptionId ? { __typename: 'Prescription', id: prescriptionId } : null),
  messages: async ({ id }, { last }, { loaders }) => newest(await loaders.messages.load(id), last),
}
