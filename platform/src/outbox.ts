import type { Actor } from './actor.ts'
import { roleOf } from './actor.ts'
import { clock } from './clock.ts'
import { checkEvent, type EventMap, type EventType } from './events.ts'
import { newId } from './ids.ts'
import type { EntityManager } from './orm.ts'
import { requestContext } from './request-context.ts'
import { OutboxEvent } from './tables.ts'

/**
 * Announces a fact: a row in the outbox, in the caller's transaction, so it is published if and only if the change it
 * tells of is committed. `subject` is the aggregate's id; events of one aggregate keep their order.
 */
export function emit<Type extends EventType>(em: EntityManager, actor: Actor, type: Type, subject: string, data: EventMap[Type]): void {
  em.persist(Object.assign(new OutboxEvent(), outboxRow(actor, type, subject, data)))
}

/** The row that `emit` writes, for a command that writes all its rows in one statement of its own. Checked against the contract. */
export function outboxRow<Type extends EventType>(actor: Actor, type: Type, subject: string, data: EventMap[Type]) {
  checkEvent(type, data)
  const { correlationId, causationId, traceparent } = requestContext()
  return {
    eventId: newId(), type, subject, time: clock.now(), actor: actor.subject, actorRole: roleOf(actor),
    correlationId, causationId: causationId ?? null, traceparent: traceparent ?? null, data, publishedAt: null,
  }
}
