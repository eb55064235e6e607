/**
 * The orders service as a process of its own that is killed (SIGKILL) while orders stand still at chosen points: inside a
 * transaction, between commit and publish, between publish and its mark, around a call to Stripe, around a webhook. One
 * kill hits many orders, each at another point. PostgreSQL, NATS and the Stripe sandbox live on.
 */
import { after } from 'node:test'
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { AckPolicy, nanos } from 'nats'
import { exportJWK, generateKeyPair } from 'jose'
import pg from 'pg'
import { checkEvent, connectBroker, newId, signActor, streamName, subjectOf, type Actor, type CloudEvent, type EventMap, type EventType } from '@pharmagraph/platform'
import { startStripeSandbox } from '../../../dev/src/sandboxes/stripe/server.ts'
import { eventually, scratchBroker, scratchDatabase, scratchServer, type Answer, type SubgraphUnderTest } from '../../../tests/environment.ts'

/** What is told, and to which state: names a place in the saga. */
export type Fact = string
export const factOf = (type: string, data: { to?: string }): Fact => (data.to ? `${type} ${data.to}` : type)

export type StripeCall = 'authorize' | 'capture' | 'refund'
type Moment = 'before' | 'after'
export type Point =
  /** Inside the transaction that tells the fact. */
  | { at: 'commit'; fact: Fact }
  /** Committed; the fact, and what is told after it, is not published. */
  | { at: 'publish'; fact: Fact }
  /** The fact is published, and not marked as such. */
  | { at: 'mark'; fact: Fact }
  /** Before the call reaches Stripe; or after Stripe did it, and before its answer comes. */
  | { at: 'stripe'; call: StripeCall; when: Moment }
  /** Before the webhook comes in; or after it was taken, and before Stripe hears so. */
  | { at: 'webhook'; type: string; when: Moment }

export type Placed = { id: string; patient: { id: string }; lines: { id: string; drug: { id: string }; prescription: { id: string } | null; quantity: number }[] }
export type Told = { type: EventType; event: CloudEvent; order: Placed }

const webhookSecret = 'whsec_test'
/** Advisory locks of this test: one for each order that stands still, one for the relay. */
const [lockBase, markLock] = [9_100_000, 9_099_999]

/** The triggers that make an order stand still; `crash_point` says where, by patient. */
const gates = `
  create table crash_point (patient_id uuid primary key, fact text not null, manner text not null, lock int not null);
  create table crash_hidden (position bigint primary key, subject text not null);
  create table crash_mark (armed boolean not null);
  create function crash_insert() returns trigger language plpgsql as $$
  declare point crash_point; fact text := new.type || coalesce(' ' || (new.data->>'to'), '');
  begin
    select p.* into point from crash_point p join customer_order o on o.patient_id = p.patient_id where o.id = new.subject::uuid;
    if point.manner = 'freeze' and point.fact = fact then
      perform pg_advisory_xact_lock(point.lock);
    elsif point.manner = 'hide' and (point.fact = fact or exists (select 1 from crash_hidden h where h.subject = new.subject)) then
      new.published_at := now();
      insert into crash_hidden values (new.position, new.subject);
    end if;
    return new;
  end $$;
  create trigger crash_insert before insert on outbox for each row execute function crash_insert();
  create function crash_mark() returns trigger language plpgsql as $$ begin
    if new.published_at is not null and exists (select 1 from crash_mark) then perform pg_advisory_xact_lock(${markLock}); end if;
    return new;
  end $$;
  create trigger crash_mark before update on outbox for each row execute function crash_mark();`

/** An id that is the same whenever the same thing is told. */
const idOf = (name: string): string => {
  const hex = createHash('sha256').update(name).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

export async function crashHarness(react: (told: Told, tell: SubgraphUnderTest['publish']) => Promise<unknown>) {
  const [server, broker] = await Promise.all([scratchServer(), scratchBroker()])
  const database = await scratchDatabase(server, 'orders')
  const pool = new pg.Pool({ connectionString: database.url, max: 4, application_name: 'harness' })
  const sql = async <Row = Record<string, unknown>>(text: string, params: unknown[] = []): Promise<Row[]> => (await pool.query(text, params)).rows as Row[]
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const [privateJwk, publicJwk] = await Promise.all([exportJWK(privateKey), exportJWK(publicKey)])

  /** Where each order is to stand still, by patient, and which of them do. */
  const points = new Map<string, Point>()
  const reached = new Set<string>()
  const patientOf = new Map<string, string>()
  const pointOf = (orderId: string | undefined): [string, Point] | undefined => {
    const patientId = patientOf.get(orderId ?? '')
    const point = points.get(patientId ?? '')
    return patientId && point ? [patientId, point] : undefined
  }

  const dataDir = await mkdtemp(join(tmpdir(), 'orders-crash-'))
  const webhooks = await proxy(() => url && new URL(url).origin, (_request, body) => {
    const { type, data } = JSON.parse(body.toString()) as { type: string; data: { object: { metadata?: { orderId?: string } } } }
    const [patientId, point] = pointOf(data.object.metadata?.orderId) ?? []
    if (!patientId || !point) return undefined
    // an order that stands still holds its lock: its webhooks would wait for it on one connection each
    if (point.at === 'commit' && reached.has(patientId)) return { refuse: true }
    return point.at === 'webhook' && point.type === type ? { hold: point.when, patientId } : undefined
  })
  const sandbox = await startStripeSandbox({ dataDir, webhookSecret, publicUrl: webhooks.url, backoff: { firstMs: 50, maxMs: 300 } })
  const stripe = await proxy(() => sandbox.url, ({ headers }) => {
    const [orderId, call] = String(headers['idempotency-key'] ?? '').split(':')
    const [patientId, point] = pointOf(orderId) ?? []
    return patientId && point?.at === 'stripe' && point.call === call ? { hold: point.when, patientId } : undefined
  })

  type Gate = { refuse: true } | { hold: Moment; patientId: string } | undefined
  /** Passes requests on, save those a point holds: they are never answered, until the sockets are closed by the kill. */
  async function proxy(target: () => string | undefined, gateOf: (request: IncomingMessage, body: Buffer) => Gate) {
    const held = new Set<ServerResponse>()
    const hold = (answer: ServerResponse, patientId: string): void => {
      held.add(answer)
      reached.add(patientId)
    }
    const http = createServer(async (request, answer) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const body = Buffer.concat(chunks)
      const base = target()
      const gate = gateOf(request, body)
      if (!base || (gate && 'refuse' in gate)) return void answer.writeHead(503).end()
      if (gate?.hold === 'before') return hold(answer, gate.patientId)
      const { host: _host, ...headers } = request.headers
      const onward = httpRequest(new URL(request.url ?? '/', base), { method: request.method ?? 'GET', headers, agent: false }, (came) => {
        if (gate) {
          came.resume()
          came.on('end', () => hold(answer, gate.patientId))
          return
        }
        answer.writeHead(came.statusCode ?? 502, came.headers)
        came.pipe(answer)
      })
      onward.on('error', () => (answer.headersSent ? answer.destroy() : answer.writeHead(503).end()))
      onward.end(body)
    })
    await new Promise<void>((done) => http.listen(0, '127.0.0.1', done))
    return {
      url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
      letGo() {
        for (const answer of held) answer.destroy()
        held.clear()
      },
      close: () => {
        http.closeAllConnections()
        http.close()
      },
    }
  }

  let child: ChildProcess
  let url: string | undefined
  let log = ''
  async function start(): Promise<void> {
    child = spawn(process.execPath, [resolve(import.meta.dirname, '../src/main.ts')], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        // transactions that are frozen keep their connections, and so do those that wait for their rows
        PATH: process.env['PATH'], PORT: '0', LOG_LEVEL: 'error', DATABASE_URL: database.url, DATABASE_POOL_SIZE: '30', NATS_URL: broker.url, ACTOR_PUBLIC_JWK: JSON.stringify(publicJwk),
        KEK: Buffer.alloc(32, 1).toString('base64'), STRIPE_API_KEY: 'sk_test_local', STRIPE_WEBHOOK_SECRET: webhookSecret, STRIPE_API_BASE: stripe.url,
      },
    })
    child.stderr!.on('data', (chunk: Buffer) => (log += chunk.toString()))
    const [line] = (await Promise.race([once(createInterface(child.stdout!), 'line'), once(child, 'exit').then(() => assert.fail(log))])) as [string]
    url = (JSON.parse(line) as { url: string }).url
  }
  await start()
  await sql(gates)

  const graph = async (actor: Actor, query: string, variables: Record<string, unknown> = {}): Promise<Answer> => {
    const token = await signActor(actor, privateJwk, Math.floor(Date.now() / 1000) + 300)
    if (!url) throw new Error('the service is down')
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', 'x-actor': token }, body: JSON.stringify({ query, variables }) })
    return (await response.json()) as Answer
  }
  const data: SubgraphUnderTest['data'] = async (actor, query, variables) => {
    const answer = await graph(actor, query, variables)
    if (answer.errors) throw new Error(`unexpected errors: ${JSON.stringify(answer.errors)}`)
    return answer.data
  }

  // the other subgraphs: they hear what is published, and answer under the same ids however often they hear it
  const bus = await connectBroker(broker.url, 'neighbours')
  const stream: CloudEvent[] = []
  const placed = new Map<string, Placed>()
  const tell: SubgraphUnderTest['publish'] = async (type, subject, told, id = newId()) => {
    checkEvent(type, told)
    const event = {
      specversion: '1.0', id, source: '/test', type, subject, time: new Date().toISOString(), datacontenttype: 'application/json',
      actor: 'system:test', actorrole: 'system', correlationid: newId(), data: told,
    }
    await bus.jetstream.publish(subjectOf(type, subject), JSON.stringify(event), { msgID: id })
    return id
  }
  await bus.manager.consumers.add(streamName, { durable_name: 'neighbours', ack_policy: AckPolicy.Explicit, filter_subject: 'events.orders.>' })
  const messages = await (await bus.jetstream.consumers.get(streamName, 'neighbours')).consume()
  const listening = (async () => {
    for await (const message of messages) {
      const event = message.json<CloudEvent>()
      stream.push(event)
      if (event.type === 'orders.order-placed.v1') {
        const { orderId, patientId, lines } = event.data as EventMap['orders.order-placed.v1']
        patientOf.set(orderId, patientId)
        placed.set(orderId, {
          id: orderId, patient: { id: patientId },
          lines: lines.map(({ orderLineId, drugId, prescriptionId, quantity }) => ({ id: orderLineId, drug: { id: drugId }, prescription: prescriptionId ? { id: prescriptionId } : null, quantity })),
        })
      }
      let answers = 0
      const steady: typeof tell = (type, subject, told) => tell(type, subject, told, idOf(`${event.id}:${answers++}`))
      await react({ type: event.type, event, order: placed.get(event.subject)! }, steady)
      message.ack()
    }
  })()

  const waitingOn = async (lock: number): Promise<boolean> =>
    (await sql(`select 1 from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database()) and objid = $1`, [lock])).length > 0
  const keeper = new pg.Client({ connectionString: database.url, application_name: 'harness' })
  await keeper.connect()
  await keeper.query('select pg_advisory_lock($1)', [markLock])
  let locks = 0

  /** The order of this patient will stand still at `point`. */
  async function standStillAt(patientId: string, point: Point): Promise<void> {
    points.set(patientId, point)
    if (point.at === 'stripe' || point.at === 'webhook') return
    const lock = lockBase + locks++
    await keeper.query('select pg_advisory_lock($1)', [lock])
    await sql('insert into crash_point values ($1, $2, $3, $4)', [patientId, point.fact, point.at === 'commit' ? 'freeze' : 'hide', lock])
  }

  /** Waits until every order stands at its point, kills the process, and starts it again. Answers how many stood still. */
  async function killThere(): Promise<number> {
    for (const [patientId, point] of points) {
      await eventually(async () => {
        if (point.at === 'stripe' || point.at === 'webhook') return reached.has(patientId)
        if (point.at === 'commit') {
          const [gate] = await sql<{ lock: number }>('select lock from crash_point where patient_id = $1', [patientId])
          if (await waitingOn(gate!.lock)) reached.add(patientId)
        } else if ((await sql('select 1 from crash_hidden h join customer_order o on o.id = h.subject::uuid where o.patient_id = $1', [patientId])).length) reached.add(patientId)
        return reached.has(patientId)
      }, { what: `an order at ${JSON.stringify(point)}`, within: 20_000 })
    }
    if ([...points.values()].some(({ at }) => at === 'mark')) {
      await sql('insert into crash_mark values (true)')
      await sql('update outbox set published_at = null where position in (select position from crash_hidden)')
      await eventually(() => waitingOn(markLock), { what: 'the relay at its mark' })
    }
    child.kill('SIGKILL')
    url = undefined
    await once(child, 'exit')
    // what the dead process had begun ends with its connections, not when the gates open
    await sql(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name <> 'harness'`)
    await sql('delete from crash_mark')
    await sql('update outbox set published_at = null where position in (select position from crash_hidden)')
    await sql('delete from crash_hidden')
    await sql('delete from crash_point')
    const stood = points.size
    points.clear()
    reached.clear()
    stripe.letGo()
    webhooks.letGo()
    // what it had taken from the stream and not acknowledged comes again at once, not after half a minute
    for await (const { config } of bus.manager.consumers.list(streamName)) {
      if (config.durable_name?.startsWith('orders-')) await bus.manager.consumers.update(streamName, config.durable_name, { ...config, ack_wait: nanos(50) })
    }
    await start()
    return stood
  }

  after(async () => {
    await messages.close()
    await listening.catch(() => {})
    await bus.connection.close()
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL') // an order that still stands would hold up an orderly end
      await once(child, 'exit')
    }
    stripe.close()
    webhooks.close()
    await sandbox.close()
    await rm(dataDir, { recursive: true, force: true })
    await keeper.end()
    await pool.end()
    await broker.stop()
    await database.drop()
    await server.stop()
  })

  return {
    /** For the helpers of pharmacy.ts. */
    subgraph: { sql, data, graph, publish: tell } as unknown as SubgraphUnderTest,
    sandboxUrl: sandbox.url,
    /** What was published of an order, in the order of the stream. */
    published: (orderId: string): CloudEvent[] => stream.filter(({ subject }) => subject === orderId),
    standStillAt,
    killThere,
    logOf: () => log,
  }
}
