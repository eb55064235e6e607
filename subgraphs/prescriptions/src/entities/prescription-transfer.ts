import { defineEntity, p } from '@mikro-orm/postgresql'

/** What 21 CFR 1306.08(f) and 1306.25 want on record where a prescription went to another pharmacy. */
export const PrescriptionTransferSchema = defineEntity({
  name: 'PrescriptionTransfer',
  tableName: 'prescription_transfer',
  properties: {
    prescriptionId: p.uuid().primary(),
    pharmacyName: p.string(),
    pharmacyDea: p.string().nullable(),
    /** Who took it there. */
    pharmacistName: p.string(),
    transferredBy: p.string(),
    transferredById: p.uuid().nullable(),
    refillsRemaining: p.integer(),
    askedByPatient: p.boolean(),
    /** Id of the regulation row; null for what is not controlled. */
    rule: p.string().nullable(),
    at: p.datetime(),
  },
})
export class PrescriptionTransfer extends PrescriptionTransferSchema.class {}
PrescriptionTransferSchema.setClass(PrescriptionTransfer)
