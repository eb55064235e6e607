import { test } from 'node:test'
import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { newId, type EventMap } from '@pharmagraph/platform'
import { eventually } from '../../../tests/environment.ts'
import { crashHarness, factOf, type Fact, type Point, type StripeCall } from './crash-harness.ts'
import { addToCart, cancelOrder, checkout, neighbours, newCustomer, newDrug, newPrescription, orderOf, support } from './pharmacy.ts'

/** CRASH_SWEEP=full kills inside the transaction of every fact; else of every fourth. All other points are always swept. */
const every = process.env['CRASH_SWEEP'] === 'full' ? 1 : 4
/** Orders that may stand still inside a transaction at once: each holds one of the service's connections, and so may events that wait for its lock. */
const atOnce = 6

/** IN_PARTS: delivered, the over-the-counter medicine ahead of the other. */
type Ending = 'DELIVERED' | 'REFUNDED' | 'IN_PARTS'
const endingOf = new Map<string, Ending>()
const harness = await crashHarness(async ({ type, event, order }, tell) => {
  const others = neighbours({ publish: tell } as never)
  switch (type) {
    case 'orders.order-placed.v1':
      for (const line of order.lines) if (line.prescription) await others.acceptFill(order, line)
      return
    case 'orders.stock-requested.v1': return others.holdStock(order)
    case 'orders.order-ready-to-fill.v1':
      for (const line of order.lines) if (line.prescription) await others.releaseFill(order, line)
      return
    case 'orders.order-paid.v1': {
      const { patientId, orderId, fulfilmentId } = event.data as EventMap['orders.order-paid.v1']
      if (endingOf.get(patientId) === 'REFUNDED') return void untilDone(() => cancelOrder(subgraph, support, { orderId }))
      await others.moveParcel(order, fulfilmentId!, 'OUT_FOR_DELIVERY')
      return others.moveParcel(order, fulfilmentId!, 'DELIVERED')
    }
  }
})
const { subgraph, published } = harness
const { sql } = subgraph
const [prescribed, overTheCounter] = await Promise.all([newDrug(subgraph), newDrug(subgraph, { rxOnly: false, priceMinor: 900 })])

/** As a client does whose call was lost: says it again until there is an answer. */
const untilDone = <T>(act: () => Promise<T>): Promise<T> => eventually(() => act().catch(() => undefined), { within: 40_000, what: 'the call' })

/** Orders one prescription and one over-the-counter medicine; answers the order's id once the service does. */
async function place(ending: Ending, point?: Point): Promise<{ orderId: Promise<string>; ending: Ending; point: Point | undefined }> {
  const { patient, patientId, addressId } = await newCustomer(subgraph)
  endingOf.set(patientId, ending)
  if (point) await harness.standStillAt(patientId, point)
  const prescriptionId = await newPrescription(subgraph, patientId, { drugId: prescribed })
  await untilDone(() => addToCart(subgraph, patient, { prescriptionId }))
  const { cart } = await untilDone(() => addToCart(subgraph, patient, { drugId: overTheCounter, packages: 1 }))
  const delivery = ending === 'IN_PARTS' ? 'AS_READY' : 'TOGETHER'
  const input = { cartId: cart.id, addressId, idempotencyKey: newId(), paymentMethodId: 'pm_card_visa', delivery }
  return { orderId: untilDone(() => checkout(subgraph, patient, input)).then(({ order }) => order.id as string), ending, point }
}

const fromStripe = async (path: string) =>
  ((await (await fetch(`${harness.sandboxUrl}/v1/${path}`, { headers: { authorization: 'Bearer sk_test_local' } })).json()) as { data: Record<string, unknown>[] }).data

/** Everything that must be the same in the end. Requests to look at the provider may be more: each only asks again. */
async function stateOf(orderId: string) {
  const order = await orderOf(subgraph, support, orderId)
  const [payment] = await sql<{ id: string; intent_id: string; status: string }>('select id, intent_id, status, authorized_minor, captured_minor, refunded_minor from payment where order_id = $1', [orderId])
  const intents = (await fromStripe('payment_intents?limit=100')).filter(({ id }) => id === payment!.intent_id)
  const { id: _id, intent_id: _intent, ...balances } = payment!
  const events = published(orderId).filter(({ type }) => type !== 'orders.payment-requested.v1')
  return {
    status: order.status, paymentStatus: order.paymentStatus, lines: order.lines.map(({ status }: { status: string }) => status),
    history: order.history.map(({ from, to, verb }: { from: string; to: string; verb: string }) => `${from} ${verb} ${to}`),
    balances,
    ledger: (await sql<{ row: string }>(`select kind || ' ' || account || ' ' || amount_minor as row from payment_ledger where payment_id = $1 order by 1`, [payment!.id])).map(({ row }) => row),
    refunds: (await sql<{ row: string }>(`select status || ' ' || amount_minor as row from refund where order_id = $1`, [orderId])).map(({ row }) => row),
    atStripe: {
      intents: intents.map(({ status, amount, amount_received: received, amount_capturable: capturable }) => ({ status, amount, received, capturable })),
      refunds: payment!.intent_id ? (await fromStripe(`refunds?payment_intent=${payment!.intent_id}`)).map(({ status, amount }) => ({ status, amount })) : [],
    },
    published: events.map(({ type, data }) => factOf(type, data as { to?: string })),
    publishedOnce: new Set(events.map(({ id }) => id)).size === events.length,
    unpublished: (await sql('select 1 from outbox where subject = $1 and published_at is null', [orderId])).length,
    webhooks: (await sql<{ row: string }>(`select type || ' ' || state as row from stripe_event where news->>'orderId' = $1 order by 1`, [orderId])).map(({ row }) => row),
    otherIntents: (await fromStripe('payment_intents?limit=100')).filter(({ id, metadata }) => (metadata as { orderId?: string }).orderId === orderId && id !== payment!.intent_id).length,
    dead: (await sql('select 1 from dead_letter')).length,
  }
}
type State = Awaited<ReturnType<typeof stateOf>>

/** Two parts run side by side, and are captured at once where both are ready: what must be the same is what it comes to. */
async function endOfParts(orderId: string): Promise<object> {
  const { published: facts, ledger: _rows, webhooks: _told, ...state } = await stateOf(orderId)
  const sums = await sql<{ row: string }>(`select kind || ' ' || account || ' ' || sum(l.amount_minor) as row from payment_ledger l join payment p on p.id = l.payment_id where order_id = $1 and kind <> 'RELEASED' group by kind, account order by 1`, [orderId])
  return { ...state, ledger: sums.map(({ row }) => row), published: facts.filter((fact) => !fact.startsWith('orders.payment-status-changed')).sort() }
}
const comparable = (orderId: string, ending: Ending): Promise<object> => (ending === 'IN_PARTS' ? endOfParts(orderId) : stateOf(orderId))

async function endOf(orderId: string, ending: Ending): Promise<object> {
  const status = ending === 'IN_PARTS' ? 'DELIVERED' : ending
  await eventually(async () => (await stateOf(orderId)).status === status, { what: `an order ${ending}`, within: 40_000 })
  await eventually(async () => ((await (await fetch(`${harness.sandboxUrl}/health`)).json()) as { pendingDeliveries: number }).pendingDeliveries === 0, { what: 'the webhooks delivered', within: 20_000 })
  await eventually(async () => (await stateOf(orderId)).unpublished === 0)
  return comparable(orderId, ending)
}

const uninterrupted = new Map<Ending, object>()
const strict = (ending: 'DELIVERED' | 'REFUNDED'): State => uninterrupted.get(ending) as State
/** Facts by ending, those of the second only where it leaves the way of the first. */
const sagaPoints = (): { fact: Fact; ending: Ending }[] => {
  const delivered = [...new Set(strict('DELIVERED').published)]
  const refunded = [...new Set(strict('REFUNDED').published)].filter((fact) => !delivered.includes(fact))
  const inParts = ['orders.order-released.v1', 'orders.order-paid.v1', 'orders.order-ready-to-fill.v1', 'orders.payment-status-changed.v1 CAPTURING']
  return [
    ...delivered.map((fact) => ({ fact, ending: 'DELIVERED' as const })), ...refunded.map((fact) => ({ fact, ending: 'REFUNDED' as const })),
    ...inParts.map((fact) => ({ fact, ending: 'IN_PARTS' as const })),
  ]
}

async function killAndCompare(plans: { point: Point; ending: Ending }[]): Promise<void> {
  const orders = []
  for (const { point, ending } of plans) orders.push(await place(ending, point))
  assert.equal(await harness.killThere(), plans.length)
  for (const { orderId, ending, point } of orders) {
    const id = await orderId
    const expected = uninterrupted.get(ending)!
    let last: object | undefined
    await eventually(async () => isDeepStrictEqual((last = await comparable(id, ending)), expected), { what: 'the same end', within: 90_000 })
      .catch(() => assert.deepEqual(last, expected, `killed at ${JSON.stringify(point)}\n${harness.logOf().slice(-2000)}`))
  }
}

test('S18 uninterrupted, one order is delivered, another refunded, and a third delivered in parts', async () => {
  for (const ending of ['DELIVERED', 'REFUNDED', 'IN_PARTS'] as const) uninterrupted.set(ending, await endOf(await (await place(ending)).orderId, ending))
  const delivered = strict('DELIVERED')
  assert.deepEqual([delivered.paymentStatus, delivered.atStripe.intents.map(({ status }) => status), delivered.dead], ['CAPTURED', ['succeeded'], 0])
  assert.deepEqual(strict('REFUNDED').atStripe.refunds.map(({ status }) => status), ['succeeded'])
})

test('S18 killed inside the transactions of the saga, every order comes to the same end', async () => {
  const plans = sagaPoints().filter((_point, index) => index % every === 0).map(({ fact, ending }) => ({ ending, point: { at: 'commit' as const, fact } }))
  for (let from = 0; from < plans.length; from += atOnce) await killAndCompare(plans.slice(from, from + atOnce))
})

test('S18 killed between each commit and its publication, and around each call to Stripe and each webhook, every order comes to the same end', async () => {
  const hidden = sagaPoints().map(({ fact, ending }) => ({ ending, point: { at: 'publish' as const, fact } }))
  const calls = (['authorize', 'capture', 'refund'] satisfies StripeCall[]).flatMap((call) =>
    (['before', 'after'] as const).map((when) => ({ ending: call === 'refund' ? ('REFUNDED' as const) : ('DELIVERED' as const), point: { at: 'stripe' as const, call, when } })))
  const partial = (['before', 'after'] as const).map((when) => ({ ending: 'IN_PARTS' as const, point: { at: 'stripe' as const, call: 'capture' as const, when } }))
  const told = ['payment_intent.amount_capturable_updated', 'payment_intent.succeeded'].flatMap((type) =>
    (['before', 'after'] as const).map((when) => ({ ending: 'DELIVERED' as const, point: { at: 'webhook' as const, type, when } })))
  await killAndCompare([...hidden, ...calls, ...partial, ...told])
})

test('S18 killed after every publication, before it is marked, nothing is told twice and every order comes to the same end', async () => {
  await killAndCompare(sagaPoints().map(({ fact, ending }) => ({ ending, point: { at: 'mark' as const, fact } })))
})
