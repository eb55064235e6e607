import { defineEntity, p } from '@mikro-orm/postgresql'

/** What left the shelf: rows of this table are never changed or deleted (a trigger refuses). */
export const DispenseRecordSchema = defineEntity({
  name: 'DispenseRecord',
  tableName: 'dispense_record',
  properties: {
    fillId: p.uuid().primary(),
    prescriptionId: p.uuid().index(),
    /** Canonical JSON (RFC 8785), exactly the text that was hashed. */
    record: p.text(),
    /** SHA-256 of `record`, hex. */
    hash: p.string(),
    /** Ed25519 over `record`, base64url; null on records of before signatures. */
    signature: p.text().nullable(),
    signatureKeyId: p.string().nullable(),
    at: p.datetime(),
  },
})
export class DispenseRecord extends DispenseRecordSchema.class {}
DispenseRecordSchema.setClass(DispenseRecord)
