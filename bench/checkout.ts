/**
 * A burst of checkouts while one worker is down: `npm run bench -- checkout [number]`. The orders subgraph runs in this process on a
 * PostgreSQL and a NATS of its own; inventory, played by a consumer here, is down until every checkout is in, so that all
 * of them queue. Measured are the submits through GraphQL (median and 95th percentile, first against last tenth) and, once
 * inventory is back, the time until every order is paid; lost orders and double charges are counted. The peer in the
 * same run is the bare statement: one insert of the same size per submit on the same PostgreSQL.
 */
import { AckPolicy } from 'nats'
import pg from 'pg'
import { connectBroker, newId, runSubgraph, signActor, streamName, subjectOf, type Actor, type CloudEvent, type EventMap } from '@pharmagraph/platform'
import { exportJWK, generateKeyPair } from 'jose'
import { memoryProvider } from '../subgraphs/orders/test/provider.ts'
import { ordersWith } from '../subgraphs/orders/test/pharmacy.ts'
import { scratchBroker, scratchDatabase, scratchServer } from '../tests/environment.ts'
import { inLanes, lanes, percentile, round } from './support/lanes.ts'

const defaultNumber = 400
/** How long the queue may take to drain. */
const deadlineMs = (number: number): number => Math.max(80_000, number * 100)

export async function run([given]: readonly string[]): Promise<void> {
  const number = Number(given ?? defaultNumber)
  process.env['LOG_LEVEL'] ??= 'fatal'
  const [server, broker] = await Promise.all([scratchServer(), scratchBroker()])
  const database = await scratchDatabase(server, 'bench_checkout')
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const privateJwk = await exportJWK(privateKey)
  const provider = memoryProvider()
  const running = await runSubgraph(ordersWith(provider), {
    port: 0, host: '127.0.0.1', databaseUrl: database.url, natsUrl: broker.url, seed: false, background: true, actorPublicJwk: JSON.stringify(await exportJWK(publicKey)),
  })
  const pool = new pg.Pool({ connectionString: database.url, max: lanes })
  const bus = await connectBroker(broker.url, 'bench')
  try {
    const patients = await stock(pool, number)
    const submits = await inLanes(number, async (index) => {
      const { patientId, cartId, addressId } = patients[index]!
      const actor: Actor = { subject: patientId, roles: ['patient'], scopes: [], amr: ['pwd'], patientId }
      const headers = { 'content-type': 'application/json', 'x-actor': await signActor(actor, privateJwk, Math.floor(Date.now() / 1000) + 600) }
      const body = JSON.stringify({
        query: 'mutation ($input: CheckoutInput!) { checkout(input: $input) { __typename ... on OrderPayload { order { id } } } }',
        variables: { input: { cartId, addressId, paymentMethodId: 'pm_card_visa', idempotencyKey: 'bench' } },
      })
      const began = performance.now()
      const answer = (await (await fetch(running.url, { method: 'POST', headers, body })).json()) as { data?: { checkout: { __typename: string } } }
      if (answer.data?.checkout.__typename !== 'OrderPayload') throw new Error(`checkout refused: ${JSON.stringify(answer)}`)
      return performance.now() - began
    })
    await pool.query('create table peer_order (id uuid primary key, body jsonb not null, at timestamptz not null)')
    const peer = await inLanes(number, async (index) => {
      const began = performance.now()
      await pool.query('insert into peer_order values ($1, $2, now())', [newId(), JSON.stringify({ ...patients[index], lines: [1, 2, 3] })])
      return performance.now() - began
    })

    const back = performance.now()
    await inventoryIsBack(bus)
    let paid = 0
    while (paid < number && performance.now() - back < deadlineMs(number)) {
      await new Promise((done) => setTimeout(done, 200))
      paid = Number((await pool.query(`select count(*)::int as n from customer_order where status = 'PAYMENT_CAPTURED'`)).rows[0].n)
    }
    const drainSeconds = (performance.now() - back) / 1000
    const captures = provider.calls.filter((call) => call.includes(':capture:'))
    const { rows: [left] } = await pool.query('select (select count(*)::int from dead_letter) as dead, (select count(*)::int from customer_order) as orders')
    const tenth = Math.max(1, Math.floor(number / 10))
    const figures = {
      bench: 'checkout', number, lanes, submitP50Ms: percentile(submits, 0.5), submitP95Ms: percentile(submits, 0.95),
      firstTenthP95Ms: percentile(submits.slice(0, tenth), 0.95), lastTenthP95Ms: percentile(submits.slice(-tenth), 0.95),
      peerInsertP50Ms: percentile(peer, 0.5), ratioToPeerP50: round(percentile(submits, 0.5) / percentile(peer, 0.5)),
      drainSeconds: round(drainSeconds), ordersPerSecond: round(paid / drainSeconds), lost: number - left.orders, unpaid: number - paid, deadLetters: left.dead,
      chargedTwice: captures.length - new Set(captures.map((call) => call.split(':')[0])).size,
    }
    console.log(`${number} checkouts, inventory down: p50 ${figures.submitP50Ms} ms, p95 ${figures.submitP95Ms} ms (first tenth ${figures.firstTenthP95Ms}, last ${figures.lastTenthP95Ms}); bare insert p50 ${figures.peerInsertP50Ms} ms`)
    console.log(`inventory back: ${paid} orders paid in ${figures.drainSeconds} s, ${figures.ordersPerSecond} a second; lost ${figures.lost}, charged twice ${figures.chargedTwice}`)
    console.log(JSON.stringify(figures))
    if (figures.lost || figures.deadLetters || figures.chargedTwice) throw new Error('a checkout was lost or charged twice')
  } finally {
    await bus.connection.close()
    await pool.end()
    await running.stop()
    await database.drop()
    await broker.stop()
    await server.stop()
  }
}

type Patient = { patientId: string; cartId: string; addressId: string }

/** A patient with an address and one box in the cart, for every checkout. */
async function stock(pool: pg.Pool, number: number): Promise<Patient[]> {
  const drugId = newId()
  await pool.query(`insert into drug_fact values ($1, 1, 'Ibuprofen 200 mg', false, 'NONE', 'CRT', 10, 900, 'USD')`, [drugId])
  const patients = Array.from({ length: number }, (): Patient => ({ patientId: newId(), cartId: newId(), addressId: newId() }))
  const columns = [patients.map(({ patientId }) => patientId), patients.map(({ cartId }) => cartId), patients.map(({ addressId }) => addressId)]
  await pool.query(`insert into address_fact (id, patient_id, state, deliverability) select a, p, 'TX', 'DELIVERABLE' from unnest($1::uuid[], $2::uuid[]) t(p, a)`, [columns[0], columns[2]])
  await pool.query(`insert into cart (id, patient_id, status, updated_at) select c, p, 'OPEN', now() from unnest($1::uuid[], $2::uuid[]) t(p, c)`, [columns[0], columns[1]])
  await pool.query(`insert into cart_line (id, cart_id, drug_id, quantity, packages) select gen_random_uuid(), c, $2, 10, 1 from unnest($1::uuid[]) c`, [columns[1], drugId])
  await pool.query('analyze')
  return patients
}

/** Answers every request for stock, those that waited first. */
async function inventoryIsBack(bus: Awaited<ReturnType<typeof connectBroker>>): Promise<void> {
  await bus.manager.consumers.add(streamName, { durable_name: 'bench-inventory', ack_policy: AckPolicy.Explicit, filter_subject: 'events.orders.stock-requested.v1.*' })
  const messages = await (await bus.jetstream.consumers.get(streamName, 'bench-inventory')).consume()
  void (async () => {
    for await (const message of messages) {
      const { orderId, lines } = message.json<CloudEvent>().data as EventMap['orders.stock-requested.v1']
      const data: EventMap['inventory.stock-held.v1'] = {
        orderId, expiresAt: new Date(Date.now() + 7 * 86_400_000).toISOString(),
        lines: lines.map(({ orderLineId, drugId, quantity }) => ({
          reservationId: newId(), orderLineId, drugId, allocations: [{ lotId: newId(), lotNumber: 'L1', ndc: '0591-0369-01', expiryDate: '2099-01-01', locationId: newId(), quantity }],
        })),
      }
      const id = newId()
      const event: CloudEvent = {
        specversion: '1.0', id, source: '/bench', type: 'inventory.stock-held.v1', subject: orderId, time: new Date().toISOString(), datacontenttype: 'application/json',
        actor: 'system:bench', actorrole: 'system', correlationid: newId(), data,
      }
      await bus.jetstream.publish(subjectOf('inventory.stock-held.v1', orderId), JSON.stringify(event), { msgID: id })
      message.ack()
    }
  })().catch(() => {})
}
