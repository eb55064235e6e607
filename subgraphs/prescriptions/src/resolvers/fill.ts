import { createHash } from 'node:crypto'
import { allowedActions } from '@pharmagraph/platform'
import { access } from '../access.ts'
import type { DispenseRecord } from '../entities/dispense-record.ts'
import type { DispenseRecordResolvers, FillLotResolvers, FillResolvers } from '../generated/resolvers.ts'
import { fillLifecycle } from '../lifecycles/fill.ts'

export const fillResolvers: FillResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.fill.load(id),
  prescription: async ({ prescriptionId }, _args, { loaders }) => (await loaders.prescription.load(prescriptionId))!,
  order: ({ orderId }) => ({ id: orderId }),
  statusReason: ({ statusReasonCode: code, statusReasonMessage: message }) => (code ? { code, message: message ?? code } : null),
  dispenseRecord: async ({ id }, _args, { actor, loaders }) => (access.can(actor, 'record:read', undefined) ? ((await loaders.dispenseRecords.load(id))[0] ?? null) : null),
  history: ({ id }, _args, { loaders }) => loaders.historyOf.load(id),
  allowedActions: (fill, _args, { actor }) => allowedActions(fillLifecycle, fill, actor),
}

export const fillLotResolvers: FillLotResolvers = {
  lot: ({ lotId }) => ({ id: lotId }),
}

type Written = { filledBy: string | null; checkedBy: string | null; releasedBy: string | null; refillsRemaining: number }
const written = ({ record }: DispenseRecord): Written => JSON.parse(record) as Written

export const dispenseRecordResolvers: DispenseRecordResolvers = {
  signature: ({ signature, signatureKeyId }) => (signature && signatureKeyId ? { algorithm: 'Ed25519', keyId: signatureKeyId, value: signature } : null),
  intact: ({ record, hash, signature, signatureKeyId }, _args, { services }) =>
    createHash('sha256').update(record).digest('hex') === hash && (!signature || services.signer.verifies(JSON.parse(record), { keyId: signatureKeyId, value: signature })),
  filledBy: (row) => written(row).filledBy,
  checkedBy: (row) => written(row).checkedBy,
  releasedBy: (row) => written(row).releasedBy,
  refillsRemaining: (row) => written(row).refillsRemaining,
}
