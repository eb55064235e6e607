import { defineEntity, p } from '@mikro-orm/postgresql'

/** One fact, chained to all before it. Append-only: a trigger (first migration) refuses UPDATE, DELETE and TRUNCATE. */
export const AuditEntrySchema = defineEntity({
  name: 'AuditEntry',
  tableName: 'audit_entry',
  properties: {
    /** The event's id: an event is chained once however often it is delivered. */
    id: p.uuid().primary(),
    /** Place in the chain, from 1 without gaps. */
    sequence: p.bigint('number').unique(),
    /** To the millisecond, as it is hashed. */
    at: p.datetime().length(3),
    type: p.string(),
    source: p.string(),
    actor: p.string(),
    actorRole: p.string(),
    /** Every id the event names. */
    subjects: p.array(),
    correlationId: p.string(),
    causationId: p.string().nullable(),
    data: p.json<Record<string, unknown>>(),
    hash: p.string().length(64),
    previousHash: p.string().length(64),
  },
  indexes: [
    { name: 'audit_entry_subjects', expression: 'create index audit_entry_subjects on audit_entry using gin (subjects)' },
    { properties: ['actor', 'sequence'] },
    { properties: ['correlationId', 'sequence'] },
    { properties: ['type', 'sequence'] },
    { properties: ['at'] },
  ],
})
export class AuditEntry extends AuditEntrySchema.class {}
AuditEntrySchema.setClass(AuditEntry)
