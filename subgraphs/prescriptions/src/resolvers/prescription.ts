import { allowedActions, clock, isStaff } from '@pharmagraph/platform'
import { access } from '../access.ts'
import type { PrescriptionContent } from '../content.ts'
import { refillsRemaining, type Prescription } from '../entities/prescription.ts'
import type { Context } from '../context.ts'
import type { PrescriptionResolvers, PrescriptionTransferResolvers, VerificationResolvers } from '../generated/resolvers.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'
import { eligibility } from '../reads/eligibility.ts'
import { signedRecords } from '../reads/signed-records.ts'
import { reasonSentence } from '../reads/reason-sentence.ts'
import { citation } from '../regulations/decisions.ts'

const contentOf = ({ sealedFor, sealed }: Prescription, { loaders }: Context): Promise<PrescriptionContent> =>
  loaders.opened.load({ sealedFor, sealed }) as Promise<PrescriptionContent>

export const prescriptionResolvers: PrescriptionResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.prescription.load(id),
  patient: ({ patientId }) => (patientId ? { id: patientId } : null),
  prescriber: ({ practitionerId }) => (practitionerId ? { id: practitionerId } : null),
  drug: ({ drugId }) => (drugId ? { id: drugId } : null),
  drugText: async (prescription, _args, context) => (await contentOf(prescription, context)).drug.text,
  conditionCode: async (prescription, _args, context) => (prescription.conditionNamed ? ((await contentOf(prescription, context)).conditionCode ?? null) : null),
  sig: async (prescription, _args, context) => (await contentOf(prescription, context)).sig,
  statusReason: async ({ statusReasonCode: code, statusReasonSealed: sealed, sealedFor }, _args, { actor, loaders }) => {
    if (!code) return null
    // what the pharmacist wrote in their own words stays between professionals
    const text = sealed && (isStaff(actor) || actor.roles.includes('prescriber')) ? ((await loaders.opened.load({ sealedFor, sealed })) as string) : undefined
    return { code, message: reasonSentence(code, text) }
  },
  refillsRemaining: (prescription) => refillsRemaining(prescription),
  expiryRule: ({ expiryRule }) => citation(expiryRule),
  picture: async ({ id, source }, _args, { loaders }) => {
    const [picture] = source === 'UPLOAD' ? await loaders.picturesOf.load(id) : []
    return picture ? { ...picture, path: `/uploads/prescriptions/${id}` } : null
  },
  contentSignature: ({ signature, signatureKeyId }) => ({ algorithm: 'Ed25519', keyId: signatureKeyId, value: signature }),
  verification: (prescription) => (prescription.verifiedAt ? prescription : null),
  eligibility: (prescription, { at }, context) => eligibility(prescription, at ?? clock.now(), context),
  prior: ({ priorPrescriptionId }, _args, { loaders }) => (priorPrescriptionId ? loaders.prescription.load(priorPrescriptionId) : null),
  replacedBy: ({ id }, _args, { loaders }) => loaders.replacedBy.load(id),
  nextQuantity: ({ nextQuantity, quantity }) => nextQuantity ?? quantity,
  dispensedDrug: ({ substituteDrugId }) => (substituteDrugId ? { id: substituteDrugId } : null),
  owedBalances: ({ id }, _args, { loaders }) => loaders.balancesOf.load(id),
  signedRecords: async (prescription, _args, context) => {
    access.must(context.actor, 'signed:read', undefined)
    return signedRecords(prescription, await contentOf(prescription, context), await context.loaders.dispenseRecordsOf.load(prescription.id))
  },
  emergencyFollowUp: async ({ id, oralAuthorisedAt }, _args, { loaders }) => (oralAuthorisedAt ? ((await loaders.followUpsOf.load(id))[0] ?? null) : null),
  confirmsOral: async ({ id, statusReasonCode }, _args, { loaders }) => {
    const [followUp] = statusReasonCode === 'EMERGENCY_FOLLOW_UP' ? await loaders.followedBy.load(id) : []
    return followUp ? loaders.prescription.load(followUp.prescriptionId) : null
  },
  runsOutOn: ({ supplyUntil }) => supplyUntil ?? null,
  refillRequests: ({ id }, _args, { loaders }) => loaders.refillsOf.load(id),
  transfer: async ({ id }, _args, { loaders }) => (await loaders.transfersOf.load(id))[0] ?? null,
  alerts: ({ id }, _args, { loaders }) => loaders.alertsOf.load(id),
  fills: ({ id }, { first, after }, { loaders }) => loaders.fillsOf({ first: first ?? 20, after }).load(id),
  networkStatuses: async ({ source, messageId, prescriberOrderNumber }, _args, { loaders }) =>
    source === 'NCPDP_SCRIPT' ? (await loaders.networkStatuses.load({ messageId: messageId ?? null, prescriberOrderNumber: prescriberOrderNumber ?? null })).map(({ status, occurredAt: at }) => ({ status, at })) : [],
  history: ({ id }, _args, { loaders }) => loaders.historyOf.load(id),
  allowedActions: (prescription, _args, { actor }) => allowedActions(prescriptionLifecycle, prescription, actor),
}

export const verificationResolvers: VerificationResolvers = {
  by: ({ verifierId }) => (verifierId ? { id: verifierId } : null),
  at: ({ verifiedAt }) => verifiedAt!,
  secondFactorAt: ({ secondFactorAt }) => secondFactorAt!,
}

export const transferResolvers: PrescriptionTransferResolvers = {
  // a number by which others order controlled substances
  pharmacyDea: ({ pharmacyDea }, _args, { actor }) => (isStaff(actor) ? (pharmacyDea ?? null) : null),
  by: ({ transferredById }) => (transferredById ? { id: transferredById } : null),
  rule: ({ rule }) => (rule ? citation(rule) : null),
}
