import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { connect } from 'node:net'
import { randomBytes } from 'node:crypto'
import { connectBroker, streamName } from '@pharmagraph/platform/nats.ts'
import { aDrug, anOrder } from './support/subgraphs.ts'
import { personas, startWorld, take, until, type World } from './support/world.ts'

let world: World
const clients: { dispose(): void | Promise<void> }[] = []

before(async () => {
  world = await startWorld({ queueLimit: 20 })
})
after(() => world.stop())
beforeEach(() => {
  world.data.orders.clear()
  world.data.workItems.clear()
  world.data.orders.set('o1', anOrder('o1', 'p1'))
  world.data.orders.set('o2', anOrder('o2', 'p2'))
  for (const subgraph of Object.values(world.subgraphs)) subgraph.delay = 0
})
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.dispose()))
  await until(() => world.gateway.live().subscribers === 0 && world.gateway.live().watchers === 0)
})

const clientOf: World['client'] = (token, gateway) => {
  const client = world.client(token, gateway)
  clients.push(client)
  return client
}
const orderChanged = 'subscription($id: ID!, $after: ID) { orderChanged(orderId: $id, after: $after) { cursor kind status at order { id status number } } }'
const myOrderChanged = 'subscription($after: ID) { myOrderChanged(after: $after) { cursor kind status order { id status } } }'
const move = async (orderId: string, patientId: string, to: string): Promise<number> => {
  const order = world.data.orders.get(orderId)
  const from = order?.['status']
  if (order) order['status'] = to
  return world.publish('orders.order-status-changed.v1', { orderId, patientId, from, to, reasonCode: null })
}
const patientToken = (id = 'p1', expiresIn = 300): Promise<string> => world.issuer.token(personas.patient(id), { expiresIn })
/** Resolves with the errors that end a subscription. */
const refusal = async (events: AsyncIterator<unknown>): Promise<any> => {
  try {
    for (let read = 0; read < 100; read++) {
      const { value, done } = await events.next()
      if (done) return 'completed'
      if ((value as { errors?: unknown }).errors) return (value as { errors: unknown }).errors
    }
    return 'went on'
  } catch (error) {
    return error
  }
}

test('the present state comes first, then every change, with what the owners know', async () => {
  const events = clientOf(await patientToken()).iterate({ query: orderChanged, variables: { id: 'o1' } })
  const [first] = await take(events, 1)
  assert.deepEqual([first!.data!['orderChanged'].kind, first!.data!['orderChanged'].order], ['SNAPSHOT', { id: 'o1', status: 'CHECKOUT_STARTED', number: 'PG-o1' }])
  await move('o2', 'p2', 'RX_CHECKED')
  await move('o1', 'p1', 'RX_CHECKED')
  const [second] = await take(events, 1)
  const { kind, status, order, at } = second!.data!['orderChanged']
  assert.deepEqual([kind, status, order], ['CHANGE', 'RX_CHECKED', { id: 'o1', status: 'RX_CHECKED', number: 'PG-o1' }])
  assert.ok(Date.parse(at) > 0)
})

test('what happens while the present state is read is not missed', async () => {
  world.subgraphs.orders.delay = 150
  const events = clientOf(await patientToken()).iterate({ query: orderChanged, variables: { id: 'o1' } })
  const results = take(events, 4)
  await until(() => world.gateway.live().watchers === 1)
  for (const to of ['RX_CHECKED', 'STOCK_HELD', 'PAYMENT_AUTHORIZED']) await move('o1', 'p1', to)
  assert.deepEqual((await results).map(({ data }) => data!['orderChanged'].status), [null, 'RX_CHECKED', 'STOCK_HELD', 'PAYMENT_AUTHORIZED'])
})

test('aliases, fragments and variables of the client are honoured', async () => {
  const query = 'subscription($id: ID!, $full: Boolean!) { changed: orderChanged(orderId: $id) { place: cursor ...E } } fragment E on OrderEvent { o: order { nr: number status @include(if: $full) } }'
  const events = clientOf(await patientToken()).iterate({ query, variables: { id: 'o1', full: false } })
  const [first] = await take(events, 1)
  assert.deepEqual(first!.data!['changed'].o, { nr: 'PG-o1' })
  assert.ok(first!.data!['changed'].place)
})

test('names that the planner uses itself are free for the client', async () => {
  const query = 'subscription { id: orderChanged(orderId: "o1") { id: kind order { id: number __typename: status } } }'
  const events = clientOf(await patientToken()).iterate({ query })
  const [first] = await take(events, 1)
  assert.deepEqual(first!.data, { id: { id: 'SNAPSHOT', order: { id: 'PG-o1', __typename: 'CHECKOUT_STARTED' } } })
  await move('o1', 'p1', 'RX_CHECKED')
  const [change] = await take(events, 1)
  assert.deepEqual(change!.data!['id'].order, { id: 'PG-o1', __typename: 'RX_CHECKED' })
})

test('the root field may come through a fragment, and may not be left out by a condition', async () => {
  const client = clientOf(await patientToken())
  const [first] = await take(client.iterate({ query: 'subscription { ...F } fragment F on Subscription { orderChanged(orderId: "o1") { order { number } } }' }), 1)
  assert.deepEqual(first!.data, { orderChanged: { order: { number: 'PG-o1' } } })
  const [error] = await refusal(client.iterate({ query: 'subscription($no: Boolean = false) { orderChanged(orderId: "o1") @include(if: $no) { kind } }' }))
  assert.match(error.extensions.code, /UNPLANNABLE_OPERATION|GRAPHQL_VALIDATION_FAILED/)
})

test("S35 an order that is not the subscriber's ends as not found, selected or not", async () => {
  for (const query of [orderChanged, 'subscription($id: ID!) { orderChanged(orderId: $id) { kind } }', 'subscription($id: ID!) { orderChanged(orderId: $id) { order { id } } }']) {
    const events = clientOf(await patientToken('p1')).iterate({ query, variables: { id: 'o2' } })
    const [error] = await refusal(events)
    assert.equal(error.extensions.code, 'NOT_FOUND')
  }
})

test('every change is authorised again: what the owner no longer shows ends the stream', async () => {
  const events = clientOf(await patientToken('p1')).iterate({ query: 'subscription { orderChanged(orderId: "o1") { kind status } }' })
  await take(events, 1)
  world.data.orders.get('o1')!['patientId'] = 'p2'
  await move('o1', 'p1', 'RX_CHECKED')
  const [error] = await refusal(events)
  assert.equal(error.extensions.code, 'NOT_FOUND')
})

test('a subscription that the roles do not give is refused', async () => {
  const events = clientOf(await patientToken()).iterate({ query: 'subscription { verificationQueue { cursor } }' })
  const [error] = await refusal(events)
  assert.equal(error.extensions.code, 'FORBIDDEN')
  const nobody = clientOf().iterate({ query: orderChanged, variables: { id: 'o1' } })
  assert.equal((await refusal(nobody))[0].extensions.code, 'UNAUTHENTICATED')
})

test('a patient hears of all their orders and of nobody else’s', async () => {
  const events = clientOf(await patientToken()).iterate({ query: myOrderChanged })
  const [snapshot] = await take(events, 1)
  assert.deepEqual([snapshot!.data!['myOrderChanged'].kind, snapshot!.data!['myOrderChanged'].order], ['SNAPSHOT', null])
  await move('o2', 'p2', 'RX_CHECKED')
  await move('o1', 'p1', 'RX_CHECKED')
  const [change] = await take(events, 1)
  assert.deepEqual(change!.data!['myOrderChanged'].order, { id: 'o1', status: 'RX_CHECKED' })
})

test('the verification queue comes whole, then item by item, and other queues stay out', async () => {
  const item = (id: string, queue: string) => ({ id, queue, state: 'AVAILABLE', priority: 50, attempt: 0, dueAt: '2026-01-01T00:00:00Z', createdAt: '2026-01-01T00:00:00Z' })
  world.data.workItems.set('w1', item('w1', 'VERIFICATION'))
  const query = 'subscription { verificationQueue { kind state item { id state } queue { name depth items { nodes { id } } } } }'
  const events = clientOf(await world.issuer.token(personas.pharmacist)).iterate({ query })
  const [snapshot] = await take(events, 1)
  assert.deepEqual(snapshot!.data, { verificationQueue: { kind: 'SNAPSHOT', state: null, item: null, queue: { name: 'VERIFICATION', depth: 1, items: { nodes: [{ id: 'w1' }] } } } })
  for (const [id, queue] of [['f1', 'FILL'], ['w2', 'VERIFICATION']] as const) {
    world.data.workItems.set(id, item(id, queue))
    await world.publish('prescriptions.work-item-changed.v1', { workItemId: id, queue, state: 'AVAILABLE', prescriptionId: 'rx1', fillId: null, priority: 50, claimedBy: null, attempt: 0 })
  }
  const [change] = await take(events, 1)
  assert.deepEqual(change!.data, { verificationQueue: { kind: 'CHANGE', state: 'AVAILABLE', item: { id: 'w2', state: 'AVAILABLE' }, queue: null } })
})

test('S72 a shipment tells of its status and of its moves', async () => {
  world.data.shipments.set('s1', { id: 's1', orderId: 'o1', patientId: 'p1', carrier: 'OWN', trackingNumber: 'T', status: 'OUT_FOR_DELIVERY', attempts: 0 })
  const events = clientOf(await patientToken()).iterate({ query: 'subscription { shipmentChanged(shipmentId: "s1") { kind status shipment { status } } }' })
  await take(events, 1)
  await world.publish('logistics.shipment-moved.v1', { shipmentId: 's1', orderId: 'o1', patientId: 'p1', routeId: 'r1' })
  await world.publish('logistics.shipment-status-changed.v1', { shipmentId: 's1', orderId: 'o1', patientId: 'p1', routeId: 'r1', from: 'OUT_FOR_DELIVERY', to: 'DELIVERED' })
  const [moved, delivered] = await take(events, 2)
  assert.deepEqual([moved!.data!['shipmentChanged'].status, delivered!.data!['shipmentChanged'].status], [null, 'DELIVERED'])
})

test('a message thread comes whole, then message by message, to those who may read it', async () => {
  const message = (id: string, body: string) => ({ id, threadId: 't1', authorRole: 'pharmacist', body, at: '2026-01-01T00:00:00Z' })
  const thread = { id: 't1', patientId: 'p1', messages: [message('m1', 'Hello')], lastMessageAt: '2026-01-01T00:00:00Z' }
  world.data.threads.set('t1', thread)
  const query = 'subscription { messageThreadChanged(threadId: "t1") { kind thread { id messages(last: 1) { id body } } } }'
  const events = clientOf(await patientToken()).iterate({ query })
  const [snapshot] = await take(events, 1)
  assert.deepEqual(snapshot!.data, { messageThreadChanged: { kind: 'SNAPSHOT', thread: { id: 't1', messages: [{ id: 'm1', body: 'Hello' }] } } })
  const posted = (threadId: string) => world.publish('patients.message-posted.v1', { threadId, messageId: 'm2', patientId: 'p1', prescriptionId: null, authorRole: 'patient' })
  await posted('t2')
  thread.messages.push(message('m2', 'Take it with food'))
  await posted('t1')
  const [change] = await take(events, 1)
  assert.deepEqual(change!.data, { messageThreadChanged: { kind: 'CHANGE', thread: { id: 't1', messages: [{ id: 'm2', body: 'Take it with food' }] } } })
  const stranger = clientOf(await patientToken('p2')).iterate({ query })
  assert.equal((await refusal(stranger))[0].extensions.code, 'NOT_FOUND')
  // whoever leaves the thread hears no more of it
  thread.patientId = 'p2'
  await posted('t1')
  assert.equal((await refusal(events))[0].extensions.code, 'NOT_FOUND')
})

test('a drug that comes to its reorder point is told to staff, and to nobody else', async () => {
  world.data.drugs.set('d1', aDrug('d1', 'amoxicillin'))
  const query = 'subscription { stockAlerts { kind drug { id name stockAlert { position suggestedQuantity } } } }'
  const events = clientOf(await world.issuer.token(personas.technician)).iterate({ query })
  const [snapshot] = await take(events, 1)
  assert.deepEqual(snapshot!.data, { stockAlerts: { kind: 'SNAPSHOT', drug: null } })
  await world.publish('inventory.stock-low.v1', { drugId: 'd1', position: 3, reorderPoint: 10, suggestedQuantity: 50 })
  const [change] = await take(events, 1)
  assert.deepEqual(change!.data, { stockAlerts: { kind: 'CHANGE', drug: { id: 'd1', name: 'amoxicillin', stockAlert: { position: 3, suggestedQuantity: 50 } } } })
  assert.equal((await refusal(clientOf(await patientToken()).iterate({ query })))[0].extensions.code, 'FORBIDDEN')
})

test('a client that comes back gets what it missed, in order, nothing twice', async () => {
  const events = clientOf(await patientToken()).iterate({ query: myOrderChanged })
  await take(events, 1)
  await move('o1', 'p1', 'RX_CHECKED')
  const [seen] = await take(events, 1)
  await events.return?.()
  for (const to of ['STOCK_HELD', 'PAYMENT_AUTHORIZED', 'AWAITING_PHARMACIST']) {
    await move('o2', 'p2', to)
    await move('o1', 'p1', to)
  }
  const again = clientOf(await patientToken()).iterate({ query: myOrderChanged, variables: { after: seen!.data!['myOrderChanged'].cursor } })
  const missed = await take(again, 3)
  await move('o1', 'p1', 'RELEASED')
  const live = await take(again, 1)
  assert.deepEqual([...missed, ...live].map(({ data }) => [data!['myOrderChanged'].kind, data!['myOrderChanged'].status]), [
    ['CHANGE', 'STOCK_HELD'], ['CHANGE', 'PAYMENT_AUTHORIZED'], ['CHANGE', 'AWAITING_PHARMACIST'], ['CHANGE', 'RELEASED'],
  ])
})

test('a resumed subscription is authorised before anything is replayed', async () => {
  const events = clientOf(await patientToken()).iterate({ query: orderChanged, variables: { id: 'o1' } })
  const [first] = await take(events, 1)
  await move('o1', 'p1', 'RX_CHECKED')
  const stranger = clientOf(await patientToken('p2')).iterate({ query: orderChanged, variables: { id: 'o1', after: first!.data!['orderChanged'].cursor } })
  assert.equal((await refusal(stranger))[0].extensions.code, 'NOT_FOUND')
})

test('a cursor that was tampered with is refused', async () => {
  const events = clientOf(await patientToken()).iterate({ query: orderChanged, variables: { id: 'o1' } })
  const [first] = await take(events, 1)
  const { cursor } = first!.data!['orderChanged'] as { cursor: string }
  for (const bad of [`A${cursor.slice(1)}`, 'nonsense', `${cursor}x`]) {
    assert.equal((await refusal(clientOf(await patientToken()).iterate({ query: orderChanged, variables: { id: 'o1', after: bad } })))[0].extensions.code, 'BAD_USER_INPUT')
  }
})

test('what is no longer kept is told as CURSOR_EXPIRED, then the present state comes', async () => {
  const events = clientOf(await patientToken()).iterate({ query: orderChanged, variables: { id: 'o1' } })
  const [first] = await take(events, 1)
  for (const to of ['RX_CHECKED', 'STOCK_HELD']) await move('o1', 'p1', to)
  await take(events, 2)
  const broker = await connectBroker(world.nats.url, 'purger')
  await broker.manager.streams.purge(streamName)
  await broker.connection.close()
  // another gateway, which has nothing of it in memory
  const second = await world.startGateway()
  try {
    const again = clientOf(await patientToken(), second).iterate({ query: orderChanged, variables: { id: 'o1', after: first!.data!['orderChanged'].cursor } })
    const [expired, snapshot] = await take(again, 2)
    assert.equal(expired!.errors![0]!.extensions['code'], 'CURSOR_EXPIRED')
    assert.deepEqual([snapshot!.data!['orderChanged'].kind, snapshot!.data!['orderChanged'].order.status], ['SNAPSHOT', 'STOCK_HELD'])
  } finally {
    await second.stop()
  }
})

test('a broker that restarts costs no client its connection and no event', async () => {
  const client = clientOf(await patientToken())
  const events = client.iterate({ query: myOrderChanged })
  await take(events, 1)
  await move('o1', 'p1', 'RX_CHECKED')
  await world.nats.kill()
  await until(() => !world.gateway.live().following)
  await world.nats.restart()
  await move('o1', 'p1', 'STOCK_HELD')
  await until(() => world.gateway.live().following)
  await move('o1', 'p1', 'PAYMENT_AUTHORIZED')
  const results = await take(events, 3, 15_000)
  assert.deepEqual(results.map(({ data }) => data!['myOrderChanged'].status), ['RX_CHECKED', 'STOCK_HELD', 'PAYMENT_AUTHORIZED'])
})

test('a gateway that restarts sends its clients away with a code to come back, and nothing is lost or told twice', async () => {
  const first = await world.startGateway()
  const client = clientOf(await patientToken(), first)
  const events = client.iterate({ query: myOrderChanged })
  await take(events, 1)
  await move('o1', 'p1', 'RX_CHECKED')
  const [seen] = await take(events, 1)
  const ended = refusal(events)
  await first.stop()
  assert.equal((await client.closed).code, 1012)
  await ended
  await move('o1', 'p1', 'STOCK_HELD')
  const second = await world.startGateway()
  try {
    const again = clientOf(await patientToken(), second).iterate({ query: myOrderChanged, variables: { after: seen!.data!['myOrderChanged'].cursor } })
    const [missed] = await take(again, 1)
    await move('o1', 'p1', 'RELEASED')
    const [live] = await take(again, 1)
    assert.deepEqual([missed, live].map((result) => result!.data!['myOrderChanged'].status), ['STOCK_HELD', 'RELEASED'])
  } finally {
    await second.stop()
  }
})

test('a connection ends with its access token, by a code that asks for a new one', async () => {
  const client = clientOf(await patientToken('p1', 2))
  const events = client.iterate({ query: orderChanged, variables: { id: 'o1' } })
  await take(events, 1)
  void refusal(events)
  const { code, reason } = await client.closed
  assert.deepEqual([code, reason], [4403, 'TOKEN_EXPIRED'])
})

test('a token refreshed within the connection keeps it, one of somebody else ends it', async () => {
  const socket = new (await import('ws')).WebSocket(world.gateway.url.replace('http', 'ws'), 'graphql-transport-ws')
  const received: any[] = []
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  socket.on('message', (data) => received.push(JSON.parse(String(data))))
  await new Promise((resolve) => socket.on('open', resolve))
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${await patientToken('p1', 2)}` } }))
  await until(() => received.some(({ type }) => type === 'connection_ack'))
  socket.send(JSON.stringify({ type: 'ping', payload: { authorization: `Bearer ${await patientToken('p1', 300)}` } }))
  await until(() => received.some(({ type }) => type === 'pong'))
  const expired = await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 2_500, 'open'))])
  assert.equal(expired, 'open')
  socket.send(JSON.stringify({ type: 'ping', payload: { authorization: `Bearer ${await patientToken('p2', 300)}` } }))
  assert.equal(await closed, 4401)
})

test('an access token that is no good gets no connection', async () => {
  const invalid = clientOf('nonsense')
  void refusal(invalid.iterate({ query: myOrderChanged }))
  assert.equal((await invalid.closed).code, 4401)
  const expired = clientOf(await patientToken('p1', -60))
  void refusal(expired.iterate({ query: myOrderChanged }))
  const { code, reason } = await expired.closed
  assert.deepEqual([code, reason], [4403, 'TOKEN_EXPIRED'])
})

test('an owner that is down is waited for, and the change is told when it is back', async () => {
  const events = clientOf(await patientToken()).iterate({ query: orderChanged, variables: { id: 'o1' } })
  await take(events, 1)
  await world.subgraphs.orders.stop()
  await move('o1', 'p1', 'RX_CHECKED')
  const result = take(events, 1)
  await world.subgraphs.orders.start()
  assert.equal((await result)[0]!.data!['orderChanged'].status, 'RX_CHECKED')
})

test('an error of one event does not repeat in the next', async () => {
  const query = 'subscription { orderChanged(orderId: "o1") { status order { id shipment { id } } } }'
  const events = clientOf(await patientToken()).iterate({ query })
  await take(events, 1)
  await world.subgraphs.logistics.stop()
  await move('o1', 'p1', 'RX_CHECKED')
  const [partial] = await take(events, 1)
  await world.subgraphs.logistics.start()
  await move('o1', 'p1', 'STOCK_HELD')
  const [whole] = await take(events, 1)
  assert.deepEqual([partial!.errors?.map(({ path, extensions }) => [path, extensions['code']]), whole!.errors], [[[['orderChanged', 'order', 'shipment'], 'SUBGRAPH_UNAVAILABLE']], undefined])
})

test('a client that leaves releases what it held, even while nothing happens', async () => {
  const client = clientOf(await patientToken())
  const events = client.iterate({ query: orderChanged, variables: { id: 'o1' } })
  await take(events, 1)
  assert.equal(world.gateway.live().watchers, 1)
  await events.return?.()
  await until(() => world.gateway.live().watchers === 0 && world.gateway.live().subscribers === 0)
})

test('one client leaving does not silence the others', async () => {
  const query = { query: orderChanged, variables: { id: 'o1' } }
  const [a, b] = [clientOf(await patientToken()).iterate(query), clientOf(await patientToken()).iterate(query)]
  await Promise.all([take(a, 1), take(b, 1)])
  await a.return?.()
  await move('o1', 'p1', 'RX_CHECKED')
  assert.equal((await take(b, 1))[0]!.data!['orderChanged'].status, 'RX_CHECKED')
})

/** Opens a raw WebSocket that reads nothing after the subscription is acknowledged. */
async function frozenClient(token: string, query: string): Promise<{ close(): void; resume(): Promise<number | undefined> }> {
  const { port } = new URL(world.gateway.url)
  const socket = connect(Number(port), '127.0.0.1')
  const frame = (text: string): Buffer => {
    const payload = Buffer.from(text)
    const mask = randomBytes(4)
    const head = payload.length < 126 ? Buffer.from([0x81, 0x80 | payload.length]) : Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 255])
    return Buffer.concat([head, mask, payload.map((byte, index) => byte ^ mask[index % 4]!)])
  }
  let seen = ''
  const closed = new Promise<number | undefined>((resolve) => socket.on('close', () => resolve(/\x88.(..)SLOW/s.exec(seen) ? 4413 : undefined)))
  socket.on('data', (data) => {
    seen += data.toString('latin1')
    if (seen.includes('SLOW_CONSUMER')) socket.end()
  })
  socket.on('error', () => undefined)
  socket.write(`GET /graphql HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${randomBytes(16).toString('base64')}\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n`)
  await until(() => seen.includes('101 Switching'))
  socket.write(frame(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } })))
  await until(() => seen.includes('connection_ack'))
  socket.write(frame(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } })))
  await until(() => seen.includes('SNAPSHOT'))
  socket.pause()
  return { close: () => socket.destroy(), resume: () => (socket.resume(), closed) }
}

test('a slow reader of a lossless stream is closed with a code to resume, while others go on', async () => {
  // each event is large, so that the connection's buffers fill soon
  const filler = { code: 'FILLER', message: 'x'.repeat(1024 * 1024) }
  world.data.orders.get('o1')!['statusReason'] = filler
  const query = 'subscription { myOrderChanged { kind status order { id statusReason { message } } } }'
  const frozen = await frozenClient(await patientToken(), query)
  const healthy = clientOf(await patientToken()).iterate({ query: myOrderChanged })
  await take(healthy, 1)
  let told = 0
  await until(async () => {
    await move('o1', 'p1', 'RX_CHECKED')
    await take(healthy, 1)
    told++
    return world.gateway.live().subscribers === 1
  })
  assert.ok(told > 20, 'it is closed only when its queue is full')
  assert.equal(await frozen.resume(), 4413)
})

test('a slow reader of a state gets the latest when it reads again', async () => {
  world.subgraphs.orders.delay = 100
  const events = clientOf(await patientToken()).iterate({ query: orderChanged, variables: { id: 'o1' } })
  const first = take(events, 1)
  await until(() => world.gateway.live().watchers === 1)
  await first
  for (let count = 0; count < 60; count++) await move('o1', 'p1', count === 59 ? 'DELIVERED' : 'SHIPPED')
  world.subgraphs.orders.delay = 0
  let read = 0
  for (;;) {
    const [event] = await take(events, 1)
    read++
    if (event!.data!['orderChanged'].status === 'DELIVERED') break
  }
  assert.ok(read < 45, `${read} of 60 changes were pushed`)
})

test('persisted subscriptions run by id, and queries run over the same connection', async () => {
  const { readManifest } = await import('../src/operations/manifest.ts')
  const { operations } = readManifest(`${import.meta.dirname}/../../schema/operations`)
  const { id } = operations.find(({ clientName, name }) => clientName === 'web' && name === 'MyOrderChanged')!
  const client = clientOf(await patientToken())
  const events = client.iterate({ query: '', extensions: { persistedQuery: { version: 1, sha256Hash: id } } })
  assert.equal((await take(events, 1))[0]!.data!['myOrderChanged'].kind, 'SNAPSHOT')
  const [answer] = await take(client.iterate({ query: '{ order(id: "o1") { id } }' }), 1)
  assert.deepEqual(answer!.data, { order: { id: 'o1' } })
})

test('a partner may not subscribe in its own words', async () => {
  const events = clientOf(await world.issuer.token(personas.partner)).iterate({ query: orderChanged, variables: { id: 'o1' } })
  assert.equal((await refusal(events))[0].extensions.code, 'PERSISTED_QUERY_ONLY')
})
