import { addInsurancePolicy } from '../commands/add-insurance-policy.ts'
import { postMessage } from '../commands/post-message.ts'
import { recordAllergy } from '../commands/record-allergy.ts'
import { registerPatient } from '../commands/register-patient.ts'
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
}
