import { defineEntity, p } from '@mikro-orm/postgresql'
import { LotSchema } from './lot.ts'

/**
 * DSCSA transaction data of one delivery (21 USC 360eee-1(d)): from whom, when, which package. Kept six years; a trigger
 * (first migration) refuses any change. A serial number is received once.
 */
export const TransactionRecordSchema = defineEntity({
  name: 'TransactionRecord',
  tableName: 'transaction_record',
  properties: {
    id: p.uuid().primary(),
    lotId: () => p.manyToOne(LotSchema).mapToPk().fieldName('lot_id').index(),
    /** Delivery note. */
    reference: p.string(),
    sellerName: p.string(),
    /** Global Location Number, thirteen digits. */
    sellerGln: p.string().length(13),
    transactionDate: p.date(),
    /** Whether the seller's transaction statement came with it (21 USC 360eee(27)). */
    statement: p.boolean().default(true),
    gtin: p.string().length(14),
    serialNumber: p.string().length(20).nullable(),
    quantity: p.decimal('number').precision(12).scale(3).check('quantity > 0'),
    receivedAt: p.datetime(),
    retainUntil: p.date(),
  },
  indexes: [{ name: 'transaction_record_serial_once', expression: 'create unique index transaction_record_serial_once on transaction_record (gtin, serial_number) where serial_number is not null' }],
})
export class TransactionRecord extends TransactionRecordSchema.class {}
TransactionRecordSchema.setClass(TransactionRecord)
