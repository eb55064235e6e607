import type { PatientResolvers } from '../generated/resolvers.ts'

export const patientResolvers: PatientResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.patient.load(id),
  name: ({ given, family }) => ({ given, family, full: `${given} ${family}` }),
  insurance: ({ id }, _args, { loaders }) => loaders.insurance.load(id),
  allergies: ({ id }, _args, { loaders }) => loaders.allergies.load(id),
  conditions: ({ id }, _args, { loaders }) => loaders.conditions.load(id),
  consents: ({ id }, _args, { loaders }) => loaders.consents.load(id),
  notificationPreferences: ({ channels, quietFrom, quietTo, timeZone }) => ({ channels, quietFrom, quietTo, timeZone }),
  caregivers: ({ id }, _args, { loaders }) => loaders.caregivers.load(id),
  caregiverInvitations: ({ id }, _args, { loaders }) => loaders.invitations.load(id),
  notifications: ({ id }, { first, after }, { loaders }) => loaders.notifications({ first: first ?? 20, after }).load(id),
  disclosures: ({ id }, { first, after }, { loaders }) => loaders.disclosures({ first: first ?? 20, after }).load(id),
  emergencyAccesses: ({ id }, { first, after }, { loaders }) => loaders.emergencyAccesses({ first: first ?? 20, after }).load(id),
  threads: ({ id }, { first, after }, { loaders }) => loaders.threads({ first: first ?? 20, after }).load(id),
}
