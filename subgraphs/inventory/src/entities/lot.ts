import { defineEntity, p } from '@mikro-orm/postgresql'
import { LocationSchema } from './location.ts'

export const lotStatuses = ['RECEIVING', 'QUARANTINE', 'AVAILABLE', 'ON_HOLD', 'RECALLED', 'EXPIRED', 'DAMAGED', 'DESTROYED', 'RETURNED_TO_SUPPLIER'] as const
export type LotStatus = (typeof lotStatuses)[number]

export const lotOrigins = ['SUPPLIER', 'RETURN', 'RETURN_FROM_OUTSIDE'] as const
export type LotOrigin = (typeof lotOrigins)[number]

/** Stock of one drug, one batch, at one location. The balances are the sums of the lot's ledger; only `book` moves them. */
export const LotSchema = defineEntity({
  name: 'Lot',
  tableName: 'lot',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    drugId: p.uuid(),
    /** As listed, at the time of receipt. */
    ndc: p.string(),
    batchNumber: p.string().index(),
    /** Last day of use. */
    expiryDate: p.date(),
    quantityOnHand: p.decimal('number').precision(12).scale(3),
    quantityReserved: p.decimal('number').precision(12).scale(3),
    locationId: () => p.manyToOne(LocationSchema).mapToPk().fieldName('location_id'),
    status: p.enum(lotStatuses),
    /** Who brought the lot into its status: destroying it takes somebody else. */
    statusBy: p.string(),
    receivedAt: p.datetime(),
    /** Where it came from; every return is a lot of its own, so that somebody looks at it before it is sold or destroyed. */
    origin: p.enum(lotOrigins).default('SUPPLIER'),
    /** Shelf and bin, as they are marked there. */
    bin: p.string().length(20).nullable(),
  },
  indexes: [
    { properties: ['locationId', 'status'] },
    { name: 'lot_one_per_batch', expression: `create unique index lot_one_per_batch on lot (drug_id, batch_number, location_id) where origin = 'SUPPLIER'` },
    { name: 'lot_fefo', expression: `create index lot_fefo on lot (drug_id, expiry_date, id) where status = 'AVAILABLE'` },
  ],
  checks: [
    { name: 'lot_on_hand_not_negative', expression: 'quantity_on_hand >= 0' },
    { name: 'lot_reserved_within_on_hand', expression: 'quantity_reserved >= 0 and quantity_reserved <= quantity_on_hand' },
  ],
})
export class Lot extends LotSchema.class {}
LotSchema.setClass(Lot)
