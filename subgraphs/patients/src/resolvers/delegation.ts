import type { CaregiverInvitationResolvers, CaregiverResolvers, DelegationResolvers } from '../generated/resolvers.ts'

/** A delegation in force has a caregiver and a beginning, an invitation has an end. */
const known = <Value>(value: Value | null | undefined): Value => {
  if (value == null) throw new Error('a delegation is read in a state it is not in')
  return value
}

export const caregiverResolvers: CaregiverResolvers = {
  delegationId: ({ id }) => id,
  subject: ({ subject }) => known(subject),
  since: ({ since }) => known(since),
}

export const caregiverInvitationResolvers: CaregiverInvitationResolvers = {
  delegationId: ({ id }) => id,
  expiresAt: ({ expiresAt }) => known(expiresAt),
}

export const delegationResolvers: DelegationResolvers = {
  patient: ({ patientId }, _args, { loaders }) => loaders.patient.load(patientId),
  relationship: async (delegation, _args, { loaders }) => known(await loaders.relationship.load(delegation)),
  since: ({ since }) => known(since),
}
