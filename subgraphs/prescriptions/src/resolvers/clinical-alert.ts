import type { Context } from '../context.ts'
import type { ClinicalAlert, PatientAlert } from '../entities/clinical-alert.ts'
import type { AlertOverrideResolvers, ClinicalAlertResolvers } from '../generated/resolvers.ts'

/** What an alert says, from its columns or from what is sealed. */
async function told({ kind, reasonCode, evidence, sealedFor, sealed }: ClinicalAlert, { loaders }: Context): Promise<PatientAlert> {
  if (kind !== 'PATIENT') return { kind, reasonCode, evidence, message: (await loaders.opened.load({ sealedFor, sealed })) as string }
  return (await loaders.opened.load({ sealedFor, sealed })) as PatientAlert
}

export const clinicalAlertResolvers: ClinicalAlertResolvers = {
  kind: async (alert, _args, context) => (await told(alert, context)).kind,
  reasonCode: async (alert, _args, context) => (await told(alert, context)).reasonCode,
  message: async (alert, _args, context) => (await told(alert, context)).message,
  evidence: async (alert, _args, context) => (await told(alert, context)).evidence,
  awaitsSecondPharmacist: ({ open, overriddenAt }) => open && !!overriddenAt,
  override: (alert) => (alert.overriddenAt ? alert : null),
}

export const alertOverrideResolvers: AlertOverrideResolvers = {
  professionalService: ({ professionalService }) => professionalService!,
  result: ({ result }) => result!,
  text: async ({ sealedFor, overrideSealed }, _args, { loaders }) => (await loaders.opened.load({ sealedFor, sealed: overrideSealed! })) as string,
  by: ({ overriddenById }) => (overriddenById ? { id: overriddenById } : null),
  confirmedBy: ({ confirmedById }) => (confirmedById ? { id: confirmedById } : null),
  confirmedAt: ({ confirmedAt }) => confirmedAt ?? null,
  at: ({ overriddenAt }) => overriddenAt!,
}
