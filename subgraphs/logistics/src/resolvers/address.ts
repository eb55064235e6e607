import type { AddressResolvers, PatientResolvers } from '../generated/resolvers.ts'

export const addressResolvers: AddressResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.address.load(id),
}

export const patientResolvers: PatientResolvers = {
  __resolveReference: ({ id }) => ({ id }),
  addresses: ({ id }, _args, { loaders }) => loaders.addressesOf.load(id),
}
