import { defineEntity, p } from '@mikro-orm/postgresql'
import { LotSchema } from './lot.ts'

export const ledgerEntryTypes = [
  'RECEIPT', 'HOLD', 'RELEASE', 'COMMIT', 'ADJUST', 'COUNT', 'QUARANTINE', 'RECALL', 'TRANSFER_IN', 'TRANSFER_OUT', 'RETURN', 'DESTROY',
] as const
export type LedgerEntryType = (typeof ledgerEntryTypes)[number]

/** One movement of a lot. Append-only: a trigger (first migration) refuses UPDATE, DELETE and TRUNCATE, whoever asks. */
export const LedgerEntrySchema = defineEntity({
  name: 'LedgerEntry',
  tableName: 'ledger_entry',
  properties: {
    id: p.uuid().primary(),
    lotId: () => p.manyToOne(LotSchema).mapToPk().fieldName('lot_id'),
    type: p.enum(ledgerEntryTypes),
    /** Change of the quantity on hand. */
    delta: p.decimal('number').precision(12).scale(3),
    reservedDelta: p.decimal('number').precision(12).scale(3),
    reason: p.text().nullable(),
    /** Delivery note, order line or idempotency key that the movement came from. */
    reference: p.string().nullable(),
    actor: p.string(),
    actorRole: p.string(),
    correlationId: p.string(),
    at: p.datetime(),
  },
  indexes: [
    { properties: ['lotId', 'id'] },
    { name: 'ledger_entry_demand', expression: `create index ledger_entry_demand on ledger_entry (at) where type = 'COMMIT'` },
    { name: 'ledger_entry_receipt_once', expression: `create unique index ledger_entry_receipt_once on ledger_entry (lot_id, reference) where type = 'RECEIPT'` },
    { name: 'ledger_entry_adjust_once', expression: `create unique index ledger_entry_adjust_once on ledger_entry (reference) where type in ('ADJUST', 'COUNT')` },
  ],
})
export class LedgerEntry extends LedgerEntrySchema.class {}
LedgerEntrySchema.setClass(LedgerEntry)
