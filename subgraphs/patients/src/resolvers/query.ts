import type { QueryResolvers } from '../generated/resolvers.ts'
import { exchangeRecord } from '../commands/exchange-record.ts'
import { emergencyAccesses } from '../reads/emergency-accesses.ts'
import { erasureRequests, myErasureRequest } from '../reads/erasure-requests.ts'
import { findPatients } from '../reads/find-patients.ts'
import { exportMyData } from '../reads/export-my-data.ts'
import { findPractitioner, listPractitioners } from '../reads/practitioners.ts'
import { threadsToAnswer } from '../reads/threads.ts'
import { delegationsTo } from '../reads/visible-patients.ts'

export const queryResolvers: QueryResolvers = {
  me: (_source, _args, { actor, loaders }) => (actor.patientId ? loaders.patient.load(actor.patientId) : null),
  patient: (_source, { id }, { loaders }) => loaders.patient.load(id),
  practitioner: (_source, lookup, { em }) => findPractitioner(em, lookup),
  practitioners: (_source, { search, first, after }, { em, actor }) => listPractitioners(em, actor, { search, first: first ?? 20, after }),
  findPatients: async (_source, { lookup }, { em, actor, services, loaders }) => {
    const found = await loaders.patient.loadMany(await findPatients(em, actor, services.matchKey, lookup))
    return found.flatMap((patient) => (patient instanceof Error ? [] : (patient ?? [])))
  },
  caredFor: (_source, _args, { em, actor }) => delegationsTo(em, actor),
  messageThread: (_source, { id }, { loaders }) => loaders.thread.load(id),
  messageThreads: (_source, { first, after }, { em, actor }) => threadsToAnswer(em, actor, { first: first ?? 20, after }),
  exportMyData: (_source, { format }, { em, actor, services }) => exportMyData(em, actor, services, format),
  myErasureRequest: (_source, _args, { em, actor }) => myErasureRequest(em, actor),
  erasureRequests: (_source, { status, first, after }, { em, actor }) => erasureRequests(em, actor, { status, first: first ?? 20, after }),
  emergencyAccesses: (_source, { status, first, after }, { em, actor }) => emergencyAccesses(em, actor, { status, first: first ?? 20, after }),
  exchangeRecord: (_source, { patientId }, { actor, services, transact }) => transact((em) => exchangeRecord(em, actor, services, patientId)),
}
