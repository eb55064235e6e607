import { access } from '../access.ts'
import type { PractitionerResolvers } from '../generated/resolvers.ts'

export const practitionerResolvers: PractitionerResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.practitioner.load(id),
  name: ({ given, family }) => ({ given, family, full: `${given} ${family}` }),
  deaNumber: ({ deaNumber }, _args, { actor }) => (access.can(actor, 'practitioner:see-dea-number', undefined) ? deaNumber : null),
  licences: ({ id }, _args, { loaders }) => loaders.licences.load(id),
}
