import type { Resolvers } from '../generated/resolvers.ts'
import { caregiverInvitationResolvers, caregiverResolvers, delegationResolvers } from './delegation.ts'
import { emergencyAccessResolvers } from './emergency-access.ts'
import { erasureRequestResolvers } from './erasure-request.ts'
import { messageThreadResolvers } from './message-thread.ts'
import { mutationResolvers } from './mutation.ts'
import { patientResolvers } from './patient.ts'
import { practitionerResolvers } from './practitioner.ts'
import { queryResolvers } from './query.ts'

export const resolvers: Resolvers = {
  Query: queryResolvers,
  Mutation: mutationResolvers,
  Patient: patientResolvers,
  MessageThread: messageThreadResolvers,
  Practitioner: practitionerResolvers,
  Caregiver: caregiverResolvers,
  CaregiverInvitation: caregiverInvitationResolvers,
  Delegation: delegationResolvers,
  ErasureRequest: erasureRequestResolvers,
  EmergencyAccess: emergencyAccessResolvers,
}
