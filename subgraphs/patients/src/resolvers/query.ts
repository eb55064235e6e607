import type { QueryResolvers } from '../generated/resolvers.ts'
import { findPractitioner, listPractitioners } from '../reads/practitioners.ts'

export const queryResolvers: QueryResolvers = {
  me: (_source, _args, { actor, loaders }) => (actor.patientId ? loaders.patient.load(actor.patientId) : null),
  patient: (_source, { id }, { loaders }) => loaders.patient.load(id),
  practitioner: (_source, lookup, { em }) => findPractitioner(em, lookup),
  practitioners: (_source, { search, first, after }, { em, actor }) => listPractitioners(em, actor, { search, first: first ?? 20, after }),
}
