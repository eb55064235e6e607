import { defineEntity, p } from '@mikro-orm/postgresql'

export const erasureStatuses = ['RESTRICTED', 'WITHDRAWN', 'ERASING', 'CERTIFIED'] as const
export type ErasureStatus = (typeof erasureStatuses)[number]

/** A patient's request to be erased (GDPR 17). Holds ids and days only: it outlives what it erased. */
export const ErasureRequestSchema = defineEntity({
  name: 'ErasureRequest',
  tableName: 'erasure_request',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    patientId: p.uuid(),
    status: p.enum(erasureStatuses),
    requestedAt: p.datetime(),
    /** Not before: until then the patient may think better of it. */
    notBefore: p.datetime(),
    erasedAt: p.datetime().nullable(),
    certifiedAt: p.datetime().nullable(),
    /** SHA-256 of the certificate's canonical JSON. */
    certificateHash: p.string().length(64).nullable(),
  },
  indexes: [
    { name: 'erasure_request_in_force', expression: "create unique index erasure_request_in_force on erasure_request (patient_id) where status <> 'WITHDRAWN'" },
    { name: 'erasure_request_waiting', expression: "create index erasure_request_waiting on erasure_request (not_before) where status = 'RESTRICTED'" },
  ],
})
export class ErasureRequest extends ErasureRequestSchema.class {}
ErasureRequestSchema.setClass(ErasureRequest)

/** Who keeps sealed data of patients, each under a data key of its own. */
export const keepers = ['patients', 'prescriptions', 'orders', 'logistics'] as const
export type Keeper = (typeof keepers)[number]
/** Who confirms an erasure: the keepers and, where one is set, the identity provider. */
export const confirmers = [...keepers, 'identity'] as const
export type Confirmer = (typeof confirmers)[number]

export const ErasureConfirmationSchema = defineEntity({
  name: 'ErasureConfirmation',
  tableName: 'erasure_confirmation',
  properties: {
    requestId: p.uuid().primary(),
    service: p.enum(confirmers).primary(),
    at: p.datetime(),
  },
})
export class ErasureConfirmation extends ErasureConfirmationSchema.class {}
ErasureConfirmationSchema.setClass(ErasureConfirmation)

/** When something last came into the patient's record: the retention clocks run from there. */
export const RecordFactSchema = defineEntity({
  name: 'RecordFact',
  tableName: 'record_fact',
  properties: {
    patientId: p.uuid().primary(),
    lastEntryAt: p.datetime(),
  },
})
export class RecordFact extends RecordFactSchema.class {}
RecordFactSchema.setClass(RecordFact)
