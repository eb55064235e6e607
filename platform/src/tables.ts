/** Tables every subgraph has: outbox, inbox, dead letters, history of lifecycles, data keys. */
import { defineEntity, p } from '@mikro-orm/postgresql'

const OutboxEventSchema = defineEntity({
  name: 'OutboxEvent',
  tableName: 'outbox',
  properties: {
    /** Order of publication. */
    position: p.bigint('number').primary().autoincrement(),
    eventId: p.uuid().unique(),
    type: p.string(),
    /** Id of the aggregate; events of one aggregate keep their order. */
    subject: p.string(),
    time: p.datetime(),
    actor: p.string(),
    actorRole: p.string(),
    correlationId: p.string(),
    causationId: p.string().nullable(),
    traceparent: p.string().nullable(),
    data: p.json<Record<string, unknown>>(),
    publishedAt: p.datetime().nullable(),
  },
  indexes: [{ name: 'outbox_unpublished', expression: 'create index outbox_unpublished on outbox (position) where published_at is null' }],
})
export class OutboxEvent extends OutboxEventSchema.class {}
OutboxEventSchema.setClass(OutboxEvent)

const InboxEventSchema = defineEntity({
  name: 'InboxEvent',
  tableName: 'inbox',
  properties: {
    eventId: p.uuid().primary(),
    consumer: p.string().primary(),
    receivedAt: p.datetime(),
  },
})
export class InboxEvent extends InboxEventSchema.class {}
InboxEventSchema.setClass(InboxEvent)

const DeadLetterSchema = defineEntity({
  name: 'DeadLetter',
  tableName: 'dead_letter',
  properties: {
    id: p.bigint('number').primary().autoincrement(),
    eventId: p.uuid(),
    consumer: p.string(),
    type: p.string(),
    event: p.json<Record<string, unknown>>(),
    error: p.text(),
    attempts: p.integer(),
    at: p.datetime(),
    replayedAt: p.datetime().nullable(),
  },
})
export class DeadLetter extends DeadLetterSchema.class {}
DeadLetterSchema.setClass(DeadLetter)

const TransitionRowSchema = defineEntity({
  name: 'TransitionRow',
  tableName: 'transition',
  properties: {
    id: p.bigint('number').primary().autoincrement(),
    machine: p.string(),
    subjectId: p.uuid(),
    from: p.string().fieldName('from_state'),
    to: p.string().fieldName('to_state'),
    verb: p.string(),
    actor: p.string(),
    actorRole: p.string(),
    reason: p.text().nullable(),
    correlationId: p.string(),
    at: p.datetime(),
  },
  indexes: [{ properties: ['subjectId', 'id'] }],
})
export class TransitionRow extends TransitionRowSchema.class {}
TransitionRowSchema.setClass(TransitionRow)

const DataKeySchema = defineEntity({
  name: 'DataKey',
  tableName: 'data_key',
  properties: {
    /** The person whose data the key opens. */
    subjectId: p.uuid().primary(),
    /** The key, wrapped by the key-encryption key; null once destroyed, which is what erasure means. */
    wrapped: p.text().nullable(),
    kekVersion: p.integer(),
    createdAt: p.datetime(),
    destroyedAt: p.datetime().nullable(),
  },
})
export class DataKey extends DataKeySchema.class {}
DataKeySchema.setClass(DataKey)

export const platformEntities = [OutboxEventSchema, InboxEventSchema, DeadLetterSchema, TransitionRowSchema, DataKeySchema]

/** SQL the schema generator cannot know; the first migration of every subgraph runs it. Wakes the relay at each commit. */
export const outboxNotifySql = [
  `create function outbox_notify() returns trigger language plpgsql as $$ begin perform pg_notify('outbox', ''); return null; end $$`,
  `create trigger outbox_notify after insert on outbox for each statement execute function outbox_notify()`,
]
