import type { MessageThreadResolvers } from '../generated/resolvers.ts'

const personName = (person: { given: string; family: string } | null) => person && { ...person, full: `${person.given} ${person.family}` }
const newest = <Row>(rows: Row[], last: number | null | undefined): Row[] => (last == null ? rows : rows.slice(Math.max(0, rows.length - Math.max(0, last))))

export const messageThreadResolvers: MessageThreadResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.thread.load(id),
  patient: ({ patientId }, _args, { loaders }) => loaders.patient.load(patientId),
  patientName: async ({ patientId }, _args, { loaders }) => personName(await loaders.participant.load(patientId)),
  prescription: ({ prescriptionId }) => (prescriptionId ? { __typename: 'Prescription', id: prescriptionId } : null),
  messages: async ({ id }, { last }, { loaders }) => newest(await loaders.messages.load(id), last),
}
