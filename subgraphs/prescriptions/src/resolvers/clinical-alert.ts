import type { AlertOverrideResolvers, ClinicalAlertResolvers } from '../generated/resolvers.ts'

export const clinicalAlertResolvers: ClinicalAlertResolvers = {
  message: async ({ sealedFor, sealed }, _args, { loaders }) => (await loaders.opened.load({ sealedFor, sealed })) as string,
  override: (alert) => (alert.overriddenAt ? alert : null),
}

export const alertOverrideResolvers: AlertOverrideResolvers = {
  professionalService: ({ professionalService }) => professionalService!,
  result: ({ result }) => result!,
  text: async ({ sealedFor, overrideSealed }, _args, { loaders }) => (await loaders.opened.load({ sealedFor, sealed: overrideSealed! })) as string,
  by: ({ overriddenById }) => (overriddenById ? { id: overriddenById } : null),
  at: ({ overriddenAt }) => overriddenAt!,
}
