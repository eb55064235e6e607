import { defineEntity, p } from '@mikro-orm/postgresql'
import { LotSchema } from './lot.ts'

/**
 * What left the shelf for whom, one row per order line and lot: the way from a recalled lot to the people who have it.
 * Written once; a trigger (first migration) refuses any change. Whether it came back is told by the reservation.
 */
export const DispenseRecordSchema = defineEntity({
  name: 'DispenseRecord',
  tableName: 'dispense_record',
  properties: {
    id: p.uuid().primary(),
    /** Null for a line without a prescription. */
    fillId: p.uuid().nullable(),
    orderId: p.uuid().index(),
    orderLineId: p.uuid(),
    patientId: p.uuid(),
    drugId: p.uuid(),
    lotId: () => p.manyToOne(LotSchema).mapToPk().fieldName('lot_id'),
    ndc: p.string(),
    batchNumber: p.string(),
    expiryDate: p.date(),
    /** Of the package, where a device or a person scanned it. */
    serialNumber: p.string().nullable(),
    quantity: p.decimal('number').precision(12).scale(3).check('quantity > 0'),
    /** The pharmacist who released the fill, or the system for a line without one. */
    releasedBy: p.string(),
    /** Hash of the prescription side's own record, which names everybody who had a hand in the fill. */
    fillRecordHash: p.string().nullable(),
    releasedAt: p.datetime(),
    /** SHA-256 of all of the above: see `dispenseHash`. */
    hash: p.string(),
  },
  uniques: [{ properties: ['orderLineId', 'lotId'] }],
  indexes: [{ properties: ['lotId', 'id'] }],
})
export class DispenseRecord extends DispenseRecordSchema.class {}
DispenseRecordSchema.setClass(DispenseRecord)
