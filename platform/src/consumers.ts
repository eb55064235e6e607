/**
 * JetStream → inbox → command. A handler runs in one transaction with the inbox row of its event, so a redelivery does
 * nothing twice. An effect calls the outside world with an idempotency key derived from the event, then records.
 */
import { bulkhead, type BulkheadPolicy } from 'cockatiel'
import type { JsMsg } from 'nats'
import { systemActor, type Actor } from './actor.ts'
import { clock } from './clock.ts'
import { AppError } from './errors.ts'
import { checkEvent, subjectOf, type CloudEvent, type EventType } from './events.ts'
import { ensureConsumer, streamName, type Broker } from './nats.ts'
import { transact, type EntityManager, type Orm } from './orm.ts'
import { withRequestContext } from './request-context.ts'
import { DeadLetter } from './tables.ts'
import type { Logger } from './telemetry.ts'
import { noTracer, type Tracer } from './tracing.ts'

/** `actor` is the system, acting because of the event. */
export type Handler<Type extends EventType> = {
  readonly kind: 'handler'
  readonly on: Type
  readonly name: string
  run(em: EntityManager, event: CloudEvent<Type>, actor: Actor): Promise<void>
}

export type EffectTools<Services> = { services: Services; actor: Actor; transact<T>(work: (em: EntityManager) => Promise<T>): Promise<T> }
export type StreamTools = {
  /** Takes the events of a type and subject off the stream: for what must not outlive somebody. Harmless when repeated. */
  forget(type: EventType, subject: string): Promise<void>
}
export type Effect<Type extends EventType, Services> = {
  readonly kind: 'effect'
  readonly on: Type
  readonly name: string
  /** Must be harmless when run again: the inbox row is written after it. */
  run(event: CloudEvent<Type>, tools: EffectTools<Services> & StreamTools): Promise<void>
  /** It keeps its own record of the events it has seen, so no inbox row is read or written. */
  readonly ownRecord: boolean
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Consumer<Services = any> = { [Type in EventType]: Handler<Type> | Effect<Type, Services> }[EventType]

/** A consumer that changes our own tables only. */
export const handler = <Type extends EventType>(on: Type, name: string, run: Handler<Type>['run']): Handler<Type> => ({ kind: 'handler', on, name, run })
/** A consumer that calls the outside world. */
export const effect = <Type extends EventType, Services>(
  on: Type, name: string, run: Effect<Type, Services>['run'], { ownRecord = false }: { ownRecord?: boolean } = {},
): Effect<Type, Services> => ({ kind: 'effect', on, name, run, ownRecord })

/** After so many tries an event goes to the dead letters, where a person reads and replays it. */
const maxAttempts = 20
const backoffMs = (attempt: number): number => Math.min(100 * 2 ** (attempt - 1), 15_000)

export type ConsumerGroup = {
  /** The durables; the broker knows by these names what waits for them. */
  readonly names: readonly string[]
  stop(): Promise<void>
}
/** Seconds from an event's time to its being handled. */
export type ObserveDelay = (consumer: string, seconds: number) => void

/**
 * Consumers use half of the pool at most: what a burst of events, or a lock that a handler waits for, leaves of it is for
 * the people who are asking. The others wait in order.
 */
const halfOfPool = (orm: Orm): InTurn => bulkhead(Math.max(1, Math.floor((orm.config.get('pool')?.max ?? 10) / 2)), Number.MAX_SAFE_INTEGER)
type InTurn = Pick<BulkheadPolicy, 'execute'>

/** Handlers and effects are two durable consumers, so that a slow outside world holds up nothing else. */
export async function startConsumers<Services>(
  service: string, consumers: readonly Consumer<Services>[], services: Services, orm: Orm, broker: Broker, logger: Logger, tracer: Tracer = noTracer, observeDelay: ObserveDelay = () => {},
): Promise<ConsumerGroup> {
  const inTurn = halfOfPool(orm)
  const groups = await Promise.all(
    (['handler', 'effect'] as const).map((kind) => {
      const members = consumers.filter((consumer) => consumer.kind === kind)
      return members.length ? startGroup(service, `${service}-${kind}s`, members, services, orm, broker, logger, tracer, observeDelay, inTurn) : undefined
    }),
  )
  const running = groups.filter((group) => group !== undefined)
  return { names: running.flatMap(({ names }) => names), stop: async () => void (await Promise.all(running.map((group) => group.stop()))) }
}

async function startGroup<Services>(
  service: string, durable: string, consumers: readonly Consumer<Services>[], services: Services, orm: Orm, broker: Broker, logger: Logger, tracer: Tracer, observeDelay: ObserveDelay, inTurn: InTurn,
): Promise<ConsumerGroup> {
  const byType = Map.groupBy(consumers, (consumer) => consumer.on as string)
  await ensureConsumer(broker.manager, durable, [...byType.keys()].map((type) => `events.${type}.*`))
  const actor = systemActor(service)
  const runner = await broker.jetstream.consumers.get(streamName, durable)
  const messages = await runner.consume({ max_messages: 64, idle_heartbeat: 1_000, expires: 5_000 })

  /** Events of one aggregate wait for each other; different aggregates run side by side. */
  const tails = new Map<string, Promise<void>>()
  const inFlight = new Set<Promise<void>>()
  let stopping = false

  const work = (async () => {
    for await (const message of messages) {
      if (stopping) {
        message.nak()
        continue
      }
      const key = message.subject.slice(message.subject.lastIndexOf('.') + 1)
      const turn = (tails.get(key) ?? Promise.resolve()).then(() => handle(message))
      tails.set(key, turn)
      inFlight.add(turn)
      void turn.finally(() => {
        inFlight.delete(turn)
        if (tails.get(key) === turn) tails.delete(key)
      })
    }
  })()

  async function handle(message: JsMsg): Promise<void> {
    const attempt = message.info.redeliveryCount
    let event: CloudEvent
    try {
      event = message.json<CloudEvent>()
      checkEvent(event.type, event.data)
    } catch (error) {
      logger.error({ err: error, subject: message.subject, sequence: message.seq }, 'event is not readable, dropped to the log')
      message.term()
      return
    }
    try {
      const context = { correlationId: event.correlationid, causationId: event.id, ...(event.traceparent ? { traceparent: event.traceparent } : {}) }
      await withRequestContext(context, async () => {
        for (const consumer of byType.get(event.type) ?? []) {
          const attributes = { 'messaging.system': 'nats', 'messaging.message.id': event.id, 'messaging.consumer.group.name': durable }
          await tracer.span(`${consumer.name} ${event.type}`, { kind: 'consumer', attributes }, () => runOnce(consumer, event))
        }
      })
      message.ack()
      observeDelay(durable, Math.max(0, Date.now() - Date.parse(event.time)) / 1_000)
    } catch (error) {
      const retryable = error instanceof AppError ? error.row.retryable : true
      if (retryable && attempt < maxAttempts) {
        const quiet = error instanceof AppError && error.code === 'NOT_YET'
        logger[quiet ? 'debug' : 'warn']({ err: error, type: event.type, eventId: event.id, attempt }, 'event not handled, will try again')
        message.nak(backoffMs(attempt))
        return
      }
      logger.error({ err: error, type: event.type, eventId: event.id, attempt }, 'event goes to the dead letters')
      await bury(event, durable, error, attempt).then(() => message.term(), () => message.nak(5_000))
    }
  }

  const inTransaction = <T>(step: (em: EntityManager) => Promise<T>): Promise<T> => inTurn.execute(() => transact(orm, step))

  async function runOnce(consumer: Consumer<Services>, event: CloudEvent): Promise<void> {
    if (consumer.kind === 'handler') {
      await inTransaction(async (em) => {
        if (await enter(em, event.id, consumer.name)) await consumer.run(em, event as never, actor)
      })
      return
    }
    const tools: EffectTools<Services> & StreamTools = {
      services, actor, transact: inTransaction,
      forget: async (type, subject) => void (await broker.manager.streams.purge(streamName, { filter: subjectOf(type, subject) })),
    }
    if (consumer.ownRecord) return consumer.run(event as never, tools)
    const [seen] = await inTurn.execute(() => orm.em.fork().execute<unknown[]>('select 1 from inbox where event_id = ? and consumer = ?', [event.id, consumer.name]))
    if (seen) return
    await consumer.run(event as never, tools)
    await inTransaction(async (em) => void (await enter(em, event.id, consumer.name)))
  }

  async function bury(event: CloudEvent, consumer: string, error: unknown, attempts: number): Promise<void> {
    await transact(orm, async (em) => {
      const letter = new DeadLetter()
      Object.assign(letter, {
        eventId: event.id, consumer, type: event.type, event, attempts, at: clock.now(), replayedAt: null,
        error: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      })
      em.persist(letter)
    })
  }

  return {
    names: [durable],
    async stop() {
      stopping = true
      await messages.close()
      await work.catch(() => {})
      await Promise.allSettled(inFlight)
    },
  }
}

/** True the first time; the row lives in the handler's own transaction. */
async function enter(em: EntityManager, eventId: string, consumer: string): Promise<boolean> {
  const rows = await em.execute<unknown[]>(
    'insert into inbox (event_id, consumer, received_at) values (?, ?, ?) on conflict do nothing returning event_id',
    [eventId, consumer, clock.now()],
  )
  return rows.length === 1
}
