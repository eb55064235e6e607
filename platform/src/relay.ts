/**
 * Outbox → JetStream. One relay at a time per subgraph (advisory lock), so the order of the outbox is the order of the
 * stream; the event id is the message id, so a repeat after a crash is dropped. Woken by NOTIFY, with a slow poll behind.
 */
import pg from 'pg'
import type { Broker } from './nats.ts'
import { accessEventType } from './accesses.ts'
import { subjectOf } from './events.ts'
import { transact, type EntityManager, type Orm } from './orm.ts'
import type { Logger } from './telemetry.ts'
import { noTracer, type Tracer } from './tracing.ts'

const batchSize = 200
const relayLock = 7166002

type OutboxRow = {
  position: string; event_id: string; type: string; subject: string; time: Date; actor: string; actor_role: string
  correlation_id: string; causation_id: string | null; traceparent: string | null; data: Record<string, unknown>
}

export type Relay = { stop(): Promise<void>; wake(): void }

export function startRelay(service: string, orm: Orm, databaseUrl: string, broker: Broker, logger: Logger, tracer: Tracer = noTracer): Relay {
  let stopped = false
  let wakeUp: () => void = () => {}
  let pending = true
  const wake = (): void => {
    pending = true
    wakeUp()
  }

  const listener = listen(databaseUrl, wake, logger)

  const loop = (async () => {
    while (!stopped) {
      pending = false
      try {
        while (!stopped && (await publishBatch(service, orm, broker, tracer)) === batchSize);
      } catch (error) {
        if (!stopped) logger.warn({ err: error }, 'outbox not published, will try again')
      }
      if (!pending && !stopped) {
        await new Promise<void>((done) => {
          const timer = setTimeout(done, 1_000)
          wakeUp = () => {
            clearTimeout(timer)
            done()
          }
        })
      }
    }
  })()

  return {
    wake,
    async stop() {
      stopped = true
      wake()
      await loop
      await listener.stop()
    },
  }
}

async function publishBatch(service: string, orm: Orm, broker: Broker, tracer: Tracer): Promise<number> {
  return transact(orm, async (em) => {
    const [lock] = await em.execute<{ held: boolean }[]>(`select pg_try_advisory_xact_lock(${relayLock}) as held`)
    if (!lock?.held) return 0
    const rows = await em.execute<OutboxRow[]>(`select * from outbox where published_at is null order by position limit ${batchSize}`)
    if (rows.length === 0) return 0
    const published = await publishInOrder(service, rows, broker, tracer)
    await markPublished(em, published, rows)
    return published.length
  })
}

/** Aggregates side by side, events of one aggregate one after the other; after a failure the rest of that aggregate waits. */
async function publishInOrder(service: string, rows: OutboxRow[], broker: Broker, tracer: Tracer): Promise<string[]> {
  const bySubject = Map.groupBy(rows, (row) => row.subject)
  const published: string[] = []
  await Promise.all(
    [...bySubject.values()].map(async (events) => {
      for (const row of events) {
        try {
          await tracer.span(`publish ${row.type}`, { kind: 'producer', parent: row.traceparent ?? undefined, attributes: { 'messaging.system': 'nats', 'messaging.message.id': row.event_id } }, (traceparent = row.traceparent ?? undefined) =>
            broker.jetstream.publish(subjectOf(row.type, row.subject), JSON.stringify(toCloudEvent(service, { ...row, traceparent: traceparent ?? null })), { msgID: row.event_id }),
          )
          published.push(row.position)
        } catch {
          return
        }
      }
    }),
  )
  return published
}

const toCloudEvent = (service: string, row: OutboxRow) => ({
  specversion: '1.0',
  id: row.event_id,
  source: `/pharmagraph/${service}`,
  type: row.type,
  subject: row.subject,
  time: new Date(row.time).toISOString(),
  datacontenttype: 'application/json',
  actor: row.actor,
  actorrole: row.actor_role,
  correlationid: row.correlation_id,
  ...(row.causation_id ? { causationid: row.causation_id } : {}),
  ...(row.traceparent ? { traceparent: row.traceparent } : {}),
  data: row.data,
})

async function markPublished(em: EntityManager, positions: string[], rows: OutboxRow[]): Promise<void> {
  if (positions.length === 0) return
  const at = [`{${positions.join(',')}}`]
  await em.execute(`update outbox set published_at = now() where position = any(?::bigint[])`, at)
  // notes of who read what would soon be most of the table; the stream and the audit chain keep them
  if (rows.some(({ type }) => type === accessEventType)) await em.execute(`delete from outbox where position = any(?::bigint[]) and type = '${accessEventType}'`, at)
}

/** A connection of its own for LISTEN, opened again when it breaks. */
function listen(databaseUrl: string, wake: () => void, logger: Logger): { stop(): Promise<void> } {
  let client: pg.Client | undefined
  let stopped = false
  let retry: NodeJS.Timeout | undefined
  const open = async (): Promise<void> => {
    const next = new pg.Client({ connectionString: databaseUrl })
    let gone = false
    const again = (): void => {
      if (gone || stopped) return
      gone = true
      retry = setTimeout(() => void open(), 1_000)
    }
    next.on('error', again)
    next.on('end', again)
    next.on('notification', wake)
    try {
      await next.connect()
      await next.query('listen outbox')
      client = next
      if (stopped) await next.end()
    } catch (error) {
      logger.debug({ err: error }, 'outbox listener not connected, the poll goes on')
      again()
    }
  }
  const opened = open()
  return {
    async stop() {
      stopped = true
      clearTimeout(retry)
      await opened
      await client?.end().catch(() => {})
    },
  }
}
