import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import pg from 'pg'
import { newId, systemActor, transact, withRequestContext, type EntityManager } from '@pharmagraph/platform'
import { receiveStripeEvent } from '../src/commands/receive-stripe-event.ts'
import type { Intent, ProviderEvent } from '../src/payments/port.ts'
import { settlePayment } from '../src/payments/settle.ts'
import { cancelOrder, holdByHand, placeOrder, refundOrder, support, testOrders, vault } from './pharmacy.ts'

after(() => pool.end()) // before the database goes: hooks run in the order they are set
const { subgraph, provider } = await testOrders()
const actor = systemActor('stripe')
const pool = new pg.Pool({ connectionString: subgraph.databaseUrl, max: 6 })
/** Through the pool, since histories are played side by side. */
const sql = <Row = unknown>(text: string, params: unknown[] = []): Promise<Row[]> => pool.query(text, params).then(({ rows }) => rows as Row[])
const inTransaction = <T>(work: (em: EntityManager) => Promise<T>): Promise<T> => transact(subgraph.running.orm, work)
const receive = (event: ProviderEvent): Promise<void> => inTransaction((em) => receiveStripeEvent(em, actor, event))
const tools = { services: { payments: provider, vault }, actor: systemActor('orders'), transact: inTransaction }

/** Does what the effects of the running service do: whenever something was asked of the provider, settles. */
async function settleWhatWasAsked(orderId: string): Promise<void> {
  const types = ['orders.payment-requested.v1', 'orders.order-released.v1', 'orders.order-cancelled.v1']
  for (;;) {
    const asked = await sql(`update outbox set published_at = now() where subject = $1 and type = any($2) and published_at is null returning 1`, [orderId, types])
    if (asked.length === 0) return
    await withRequestContext({ correlationId: newId() }, () => settlePayment(orderId, tools))
  }
}

type PaymentRow = { id: string; status: string; authorized_minor: number; captured_minor: number; refunded_minor: number; amount_minor: number }
const paymentOf = async (orderId: string): Promise<PaymentRow> => (await sql<PaymentRow>('select * from payment where order_id = $1', [orderId]))[0]!

const statusAtProvider = ({ status, lapsed, capturedMinor, refundedMinor }: Intent): string =>
  status === 'succeeded' ? (refundedMinor === 0 ? 'CAPTURED' : refundedMinor < capturedMinor ? 'PARTIALLY_REFUNDED' : 'REFUNDED')
  : status === 'canceled' ? (lapsed ? 'AUTH_EXPIRED' : 'VOIDED')
  : status === 'requires_capture' ? 'AUTHORIZED'
  : status === 'requires_action' ? 'REQUIRES_ACTION' : 'REQUIRES_METHOD'

async function assertTrue(orderId: string, what: string): Promise<void> {
  const truth = provider.intentOf(orderId)
  const payment = await paymentOf(orderId)
  assert.equal(payment.status, statusAtProvider(truth), what)
  assert.deepEqual([payment.authorized_minor, payment.captured_minor, payment.refunded_minor], [truth.authorizedMinor, truth.capturedMinor, truth.refundedMinor], what)
  const balances = Object.fromEntries(
    (await sql<{ account: string; sum: number }>('select account, sum(amount_minor)::int as sum from payment_ledger where payment_id = $1 group by account', [payment.id])).map(({ account, sum }) => [account, sum]),
  )
  assert.equal(balances['CARD_HOLD'] ?? 0, payment.authorized_minor, what)
  const [disputed] = await sql<{ sum: number }>(`select coalesce(sum(amount_minor), 0)::int as sum from dispute where order_id = $1 and status <> 'WON'`, [orderId])
  assert.equal(balances['PROVIDER_BALANCE'] ?? 0, payment.captured_minor - payment.refunded_minor - disputed!.sum, what)
  assert.ok(payment.captured_minor <= payment.amount_minor && payment.refunded_minor <= payment.captured_minor, what)
  const crooked = await sql('select movement_id from payment_ledger where payment_id = $1 group by movement_id having sum(amount_minor) <> 0 or count(*) <> 2', [payment.id])
  assert.deepEqual(crooked, [], what)
}

/** An over-the-counter order whose stock is held and whose payment waits, as far as our own rows know. */
async function orderAtThePayment(): Promise<{ orderId: string; amountMinor: number }> {
  const [orderId, patientId] = [newId(), newId()]
  await sql(
    `with placed as (
       insert into customer_order (id, number, patient_id, cart_id, address_id, address_state, idempotency_key, input_hash, status, status_since,
         payment_status, subtotal_minor, tax_minor, shipping_minor, total_minor, currency, created_at, updated_at)
       values ($1::uuid, $1::uuid::text, $2, $1::uuid, $1::uuid, 'CA', 'key', 'hash', 'STOCK_HELD', now(), 'NOT_STARTED', 4000, 0, 0, 4000, 'USD', now(), now()))
     , part as (insert into fulfilment (id, order_id, patient_id, number, status, status_since) values ($1::uuid, $1::uuid, $2, 1, 'HELD', now()))
     , line as (
       insert into order_line (id, order_id, fulfilment_id, drug_id, quantity, unit_price_minor, line_total_minor, tax_minor, dea_schedule, storage_class, status)
       values ($1::uuid, $1::uuid, $1::uuid, $1::uuid, 1, 4000, 4000, 0, 'NONE', 'CRT', 'HELD'))
     , paying as (
       insert into payment (id, order_id, patient_id, status, status_since, amount_minor, currency, authorized_minor, captured_minor, refunded_minor,
         attempts, intent_attempt, doubts, updated_at)
       values ($1::uuid, $1::uuid, $2, 'NOT_STARTED', now(), 4000, 'USD', 0, 0, 0, 1, 0, 0, now()))
     insert into payment_attempt (payment_id, number, made_at, requested_at) values ($1::uuid, 1, now(), now())`,
    [orderId, patientId],
  )
  return { orderId, amountMinor: 4000 }
}

const eventsOf = (orderId: string): ProviderEvent[] => provider.events.filter(({ news }) => news?.orderId === orderId)

type History = { name: string; play(orderId: string, amountMinor: number): Promise<void> }
const authorize = (orderId: string, attempt: number, amountMinor: number, paymentMethodId: string, intentId: string | null) =>
  provider.authorize({ orderId, attempt, amountMinor, currency: 'USD', paymentMethodId, customerId: null, offSession: false, intentId })
const declinedThenHeld = async (orderId: string, amountMinor: number): Promise<string> => {
  await authorize(orderId, 1, amountMinor, 'pm_decline', null)
  const { id } = provider.intentOf(orderId)
  await authorize(orderId, 2, amountMinor, 'pm_card_visa', id)
  return id
}
const histories: History[] = [
  {
    name: 'declined, held, captured, refunded in part',
    async play(orderId, amountMinor) {
      const intentId = await declinedThenHeld(orderId, amountMinor)
      await provider.capture({ orderId, attempt: 1, intentId, number: 1, amountMinor, final: true })
      await provider.refund({ orderId, intentId, key: 'a', amountMinor: 100 })
    },
  },
  {
    name: 'declined, held, captured, refunded twice to the end',
    async play(orderId, amountMinor) {
      const intentId = await declinedThenHeld(orderId, amountMinor)
      await provider.capture({ orderId, attempt: 1, intentId, number: 1, amountMinor, final: true })
      await provider.refund({ orderId, intentId, key: 'a', amountMinor: 100 })
      await provider.refund({ orderId, intentId, key: 'b', amountMinor: amountMinor - 100 })
    },
  },
  {
    name: 'held, captured in two parts, refunded in part',
    async play(orderId, amountMinor) {
      await authorize(orderId, 1, amountMinor, 'pm_card_visa', null)
      const { id: intentId } = provider.intentOf(orderId)
      await provider.capture({ orderId, attempt: 1, intentId, number: 1, amountMinor: 1000, final: false })
      await provider.capture({ orderId, attempt: 1, intentId, number: 2, amountMinor: amountMinor - 1500, final: true })
      await provider.refund({ orderId, intentId, key: 'a', amountMinor: 100 })
    },
  },
  {
    name: 'held, captured in part, the rest lapsed',
    async play(orderId, amountMinor) {
      await authorize(orderId, 1, amountMinor, 'pm_card_visa', null)
      const { id: intentId } = provider.intentOf(orderId)
      await provider.capture({ orderId, attempt: 1, intentId, number: 1, amountMinor: 1000, final: false })
      provider.lapse(orderId)
    },
  },
  {
    name: 'declined, held, captured, disputed and won',
    async play(orderId, amountMinor) {
      const intentId = await declinedThenHeld(orderId, amountMinor)
      await provider.capture({ orderId, attempt: 1, intentId, number: 1, amountMinor, final: true })
      provider.dispute(orderId, 700, 'OPEN')
      provider.dispute(orderId, 700, 'WON')
    },
  },
  {
    name: 'declined, held, let go',
    async play(orderId, amountMinor) {
      const intentId = await declinedThenHeld(orderId, amountMinor)
      await provider.cancel({ orderId, attempt: 1, intentId })
    },
  },
  {
    name: 'sent to the bank, failed there, held at last',
    async play(orderId, amountMinor) {
      await authorize(orderId, 1, amountMinor, 'pm_action', null)
      provider.finishAction(orderId, false)
      await authorize(orderId, 2, amountMinor, 'pm_action', provider.intentOf(orderId).id)
      provider.finishAction(orderId, true)
    },
  },
  {
    name: 'declined, then sent to the bank',
    async play(orderId, amountMinor) {
      await authorize(orderId, 1, amountMinor, 'pm_decline', null)
      await authorize(orderId, 2, amountMinor, 'pm_action', provider.intentOf(orderId).id)
    },
  },
  {
    name: 'sent to the bank, failed there',
    async play(orderId, amountMinor) {
      await authorize(orderId, 1, amountMinor, 'pm_action', null)
      provider.finishAction(orderId, false)
    },
  },
  {
    name: 'captured, refunded, and the refund sent back by the bank',
    async play(orderId, amountMinor) {
      const intentId = await declinedThenHeld(orderId, amountMinor)
      await provider.capture({ orderId, attempt: 1, intentId, number: 1, amountMinor, final: true })
      await provider.refund({ orderId, intentId, key: 'a', amountMinor })
      provider.returnRefund(orderId, amountMinor)
    },
  },
]

/** Plays a history at the provider and gives its events, the creation left out: that one tells nothing. */
async function played(history: History): Promise<{ orderId: string; events: ProviderEvent[] }> {
  const { orderId, amountMinor } = await orderAtThePayment()
  await history.play(orderId, amountMinor)
  return { orderId, events: eventsOf(orderId).filter(({ type }) => type !== 'payment_intent.created') }
}

/** Histories whose webhooks are tried in every order; the others in some. */
const allOrders = /refunded in part$|let go$|won$|lapsed$/

const permutations = <T>(items: readonly T[]): T[][] =>
  items.length < 2 ? [[...items]] : items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]))

for (const history of histories.filter(({ name }) => allOrders.test(name))) {
  test(`every order and repetition of webhooks ends in the provider's truth: ${history.name}`, async () => {
    const count = (await played(history)).events.length
    assert.ok(count === 4 || count === 5, `${count} webhooks`)
    const deliver = async (order: number[]): Promise<void> => {
      const { orderId, events } = await played(history)
      for (const i of [...order, ...order.toReversed()]) await receive(events[i]!)
      await settleWhatWasAsked(orderId)
      await assertTrue(orderId, order.map((i) => events[i]!.type).join(', '))
    }
    // of five the hundred and twenty orders are sampled evenly
    const all = permutations([...Array(count).keys()]).filter((_order, index) => count < 5 || index % 12 === 0)
    while (all.length) await Promise.all(all.splice(0, 6).map(deliver))
  })
}

test('S43 S63 webhooks in any order, repeated, sent anew under other ids, and mixed with our own asking end in the truth', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...histories), fc.array(fc.record({ pick: fc.nat(), settle: fc.boolean(), anew: fc.boolean() }), { minLength: 4, maxLength: 10 }), fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
      async (history, deliveries, shuffle) => {
        const { orderId, events } = await played(history)
        const log: string[] = []
        const deliver = async (event: ProviderEvent, anew: boolean): Promise<void> => {
          log.push(event.type)
          await receive(anew ? { ...event, id: `${event.id}_${newId()}` } : event)
        }
        for (const { pick, settle, anew } of deliveries) {
          await deliver(events[pick % events.length]!, anew)
          if (settle) await settleWhatWasAsked(orderId)
        }
        for (const i of [...shuffle, 4, 5, 6]) if (events[i]) await deliver(events[i], false)
        await settleWhatWasAsked(orderId)
        await assertTrue(orderId, `${history.name}: ${log.join(', ')}`)
      },
    ),
    { numRuns: 15 },
  )
})

/** The effect is repeated until it succeeds, as a redelivery does. */
async function settleUntil(orderId: string, done: (payment: PaymentRow) => boolean): Promise<void> {
  for (let tries = 0; tries < 12; tries++) {
    await settlePayment(orderId, tools).catch(() => {})
    if (done(await paymentOf(orderId))) return
  }
  assert.fail('the payment did not get there')
}

test('calls that fail before or after they took effect are made again, and hold, capture and refund happen once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom('before' as const, 'after' as const), { maxLength: 6 }), async (failures) => {
      const { order } = await placeOrder(subgraph, { otc: true })
      await holdByHand(subgraph, order.id)
      for (const when of failures) provider.failNext(when)
      await settleUntil(order.id, ({ status }) => status === 'CAPTURED')
      await assertTrue(order.id, failures.join(', '))
      await refundOrder(subgraph, support, { orderId: order.id, amountMinor: 50, reason: 'goodwill', idempotencyKey: 'k' })
      for (const when of failures) provider.failNext(when)
      await settleUntil(order.id, ({ refunded_minor: refunded }) => refunded === 50)
      await settlePayment(order.id, tools)
      await assertTrue(order.id, failures.join(', '))
    }),
    { numRuns: 6 },
  )
})

test('a webhook that comes before we know of the intent finds its order and is not lost', async () => {
  const { order } = await placeOrder(subgraph, { otc: true })
  await holdByHand(subgraph, order.id)
  await authorize(order.id, 1, order.totalAmount.amountMinor, 'pm_card_visa', null) // and we died before recording it
  await receive(eventsOf(order.id).at(-1)!)
  await settleWhatWasAsked(order.id)
  assert.equal((await paymentOf(order.id)).status, 'CAPTURED')
  assert.equal(provider.calls.filter((call) => call === `${order.id}:authorize:1`).length, 1)
})

test('money that comes for an order already off goes back', async () => {
  const { order, patient } = await placeOrder(subgraph, { otc: true })
  await holdByHand(subgraph, order.id)
  await authorize(order.id, 1, order.totalAmount.amountMinor, 'pm_card_visa', null)
  const held = provider.events.at(-1)!
  await cancelOrder(subgraph, patient, { orderId: order.id })
  await settleWhatWasAsked(order.id)
  await receive(held)
  await settleWhatWasAsked(order.id)
  assert.equal((await paymentOf(order.id)).status, 'VOIDED')
  await assertTrue(order.id, 'held')
})

test('the ledger takes new rows only', async () => {
  await assert.rejects(sql('update payment_ledger set amount_minor = 0'), /append-only/)
  await assert.rejects(sql('delete from payment_ledger'), /append-only/)
})
