import { newId } from '@pharmagraph/platform'
import { acceptCaregiverInvitation } from '../commands/accept-caregiver-invitation.ts'
import { addInsurancePolicy } from '../commands/add-insurance-policy.ts'
import { amendIdentity } from '../commands/amend-identity.ts'
import { breakGlass } from '../commands/break-glass.ts'
import { changeCaregiverScopes } from '../commands/change-caregiver-scopes.ts'
import { endEmergencyAccess, reviewEmergencyAccess } from '../commands/end-emergency-access.ts'
import { inviteCaregiver } from '../commands/invite-caregiver.ts'
import { postMessage } from '../commands/post-message.ts'
import { recordAllergy } from '../commands/record-allergy.ts'
import { recordCondition } from '../commands/record-condition.ts'
import { registerPatient } from '../commands/register-patient.ts'
import { registerPractitioner, warningsOf } from '../commands/register-practitioner.ts'
import { removeAllergy, removeCondition, removeInsurancePolicy } from '../commands/remove-from-record.ts'
import { requestErasure, withdrawErasure } from '../commands/request-erasure.ts'
import { revokeCaregiver } from '../commands/revoke-caregiver.ts'
import { setConsent } from '../commands/set-consent.ts'
import { updateContact } from '../commands/update-contact.ts'
import type { MutationResolvers } from '../generated/resolvers.ts'

export const mutationResolvers: MutationResolvers = {
  registerPatient: async (_source, { input }, { actor, services, transact }) => {
    const { preferredLanguage, consents, policyVersion, ...identity } = input
    const registration = { ...identity, preferredLanguage: preferredLanguage ?? 'en', consents: consents ?? [], policyVersion: policyVersion ?? '2026-11' }
    const patient = await transact((em) => registerPatient(em, actor, services, registration))
    return { __typename: 'RegisterPatientPayload', patient }
  },
  updateContact: (_source, { input }, { actor, services, transact }) => transact((em) => updateContact(em, actor, services, input)),
  setConsent: (_source, { input }, { actor, transact }) => transact((em) => setConsent(em, actor, input)),
  addInsurancePolicy: (_source, { input }, { actor, services, transact }) => transact((em) => addInsurancePolicy(em, actor, services, input)),
  recordAllergy: (_source, { input }, { actor, services, transact }) => transact((em) => recordAllergy(em, actor, services, input)),
  postMessage: (_source, { input }, { actor, services, transact }) => transact((em) => postMessage(em, actor, services, input)),
  amendIdentity: (_source, { input }, { actor, services, transact }) => transact((em) => amendIdentity(em, actor, services, input)),
  removeAllergy: async (_source, { input }, { actor, services, transact }) => ({ id: await transact((em) => removeAllergy(em, actor, services, input)) }),
  recordCondition: (_source, { input }, { actor, services, transact }) => transact((em) => recordCondition(em, actor, services, input)),
  removeCondition: async (_source, { input }, { actor, services, transact }) => ({ id: await transact((em) => removeCondition(em, actor, services, input)) }),
  removeInsurancePolicy: async (_source, { input }, { actor, transact }) => ({ id: await transact((em) => removeInsurancePolicy(em, actor, input)) }),
  inviteCaregiver: (_source, { input }, { actor, services, transact }) => transact((em) => inviteCaregiver(em, actor, services, { ...input, scopes: input.scopes ?? [] })),
  acceptCaregiverInvitation: async (_source, { input: { code } }, { actor, services, transact }) => {
    const delegation = await transact((em) => acceptCaregiverInvitation(em, actor, services, code))
    return { __typename: 'AcceptCaregiverInvitationPayload', delegation }
  },
  changeCaregiverScopes: (_source, { input }, { actor, services, transact }) => transact((em) => changeCaregiverScopes(em, actor, services, input)),
  revokeCaregiver: async (_source, { input: { delegationId } }, { actor, transact }) => ({ id: await transact((em) => revokeCaregiver(em, actor, delegationId)) }),
  requestErasure: (_source, { input }, { actor, transact }) => transact((em) => requestErasure(em, actor, input ?? {})),
  withdrawErasure: (_source, { requestId }, { actor, transact }) => transact((em) => withdrawErasure(em, actor, requestId)),
  breakGlass: async (_source, { input }, { actor, services, transact }) => {
    const access = await transact((em) => breakGlass(em, actor, services, input))
    return { __typename: 'BreakGlassPayload', access }
  },
  endEmergencyAccess: (_source, { id }, { actor, transact }) => transact((em) => endEmergencyAccess(em, actor, id)),
  reviewEmergencyAccess: (_source, { input }, { actor, transact }) => transact((em) => reviewEmergencyAccess(em, actor, input)),
  registerPractitioner: async (_source, { input }, { actor, transact }) => {
    const entry = { ...input, id: input.id ?? newId(), deaNumber: input.deaNumber ?? null, clinic: input.clinic ?? null, scheduleAuthority: input.scheduleAuthority ?? [] }
    const licences = input.licences.map((licence) => ({ ...licence, status: licence.status ?? ('ACTIVE' as const) }))
    const practitioner = await transact((em) => registerPractitioner(em, actor, { ...entry, licences }))
    return { __typename: 'RegisterPractitionerPayload', practitioner, warnings: warningsOf(practitioner) }
  },
}
