/** One fetch of an event serves all subscribers of a group; who may see what is still decided for each. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { connectBroker, streamName } from '@pharmagraph/platform/nats.ts'
import type { Claims } from './support/issuer.ts'
import { anOrder } from './support/subgraphs.ts'
import { personas, startWorld, take, until, type Answer, type World } from './support/world.ts'

let world: World
const clients: { dispose(): void | Promise<void> }[] = []
before(async () => {
  world = await startWorld()
})
after(() => world.stop())
beforeEach(() => {
  world.data.orders.clear()
  world.data.workItems.clear()
  world.data.orders.set('o1', anOrder('o1', 'p1'))
  for (const subgraph of Object.values(world.subgraphs)) subgraph.delay = 0
})
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.dispose()))
  await until(() => world.gateway.live().subscribers === 0 && world.gateway.live().watchers === 0)
})

type Events = AsyncIterableIterator<unknown>
const subscribe = async (claims: Claims, query: string, variables: Record<string, unknown> = {}, gateway = world.gateway): Promise<Events> => {
  const client = world.client(await world.issuer.token(claims), gateway)
  clients.push(client)
  return client.iterate({ query, variables })
}
const pharmacist = (number: number): Claims => ({ sub: `pharm-${number}`, roles: ['pharmacist'], pharmacist_id: `ph${number}`, client_id: 'staff', auth_time: 1_000 + number })
const queue = 'subscription($after: ID) { verificationQueue(after: $after) { cursor kind state item { id state } queue { name depth } } }'
const change = async (id: string, state = 'AVAILABLE', more: object = {}): Promise<void> => {
  world.data.workItems.set(id, { id, queue: 'VERIFICATION', state, priority: 50, attempt: 0, dueAt: '2026-01-01T00:00:00Z', createdAt: '2026-01-01T00:00:00Z', ...more })
  await world.publish('prescriptions.work-item-changed.v1', { workItemId: id, queue: 'VERIFICATION', state, prescriptionId: 'rx1', fillId: null, priority: 50, claimedBy: null, attempt: 0 })
}
/** GraphQL requests that a subgraph gets while `work` runs. */
const fetchesOf = async (name: 'prescriptions' | 'orders', work: () => Promise<unknown>): Promise<number> => {
  const before = world.subgraphs[name].received.length
  await work()
  return world.subgraphs[name].received.length - before
}
const nextOf = (all: readonly Events[], count = 1): Promise<Answer[][]> => Promise.all(all.map((events) => take(events, count)))

test('twenty pharmacists on one queue: an event costs one fetch', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, (_, number) => subscribe(pharmacist(number), queue)))
  await nextOf(all)
  const fetches = await fetchesOf('prescriptions', async () => {
    for (const id of ['w1', 'w2', 'w3']) {
      await change(id)
      for (const [answer] of await nextOf(all)) assert.deepEqual(answer!.data!['verificationQueue'].item, { id, state: 'AVAILABLE' })
    }
  })
  assert.equal(fetches, 3)
})

test('pharmacists who come at the same time share the present state, and those who come back what they missed', async () => {
  world.subgraphs.prescriptions.delay = 100
  const all = await Promise.all(Array.from({ length: 10 }, (_, number) => subscribe(pharmacist(number), queue)))
  let cursor = ''
  const atStart = await fetchesOf('prescriptions', async () => {
    for (const [answer] of await nextOf(all)) cursor = answer!.data!['verificationQueue'].cursor
  })
  assert.ok(atStart <= 3, `${atStart} fetches for ten snapshots`)
  await Promise.all(clients.splice(0).map((client) => client.dispose()))
  world.subgraphs.prescriptions.delay = 0
  for (const id of ['w1', 'w2', 'w3', 'w4']) await change(id)
  const again = await Promise.all(Array.from({ length: 10 }, (_, number) => subscribe(pharmacist(number), queue, { after: cursor })))
  const back = await fetchesOf('prescriptions', async () => {
    for (const answers of await nextOf(again, 4)) assert.deepEqual(answers.map(({ data }) => data!['verificationQueue'].item.id), ['w1', 'w2', 'w3', 'w4'])
  })
  assert.ok(back <= 4 + 10, `${back} fetches for ten clients that missed four events`)
})

test('what is no longer in memory is read from the stream once for all who come back together', async () => {
  const forgetful = await world.startGateway({ recentEvents: 5 })
  try {
    const first = await subscribe(pharmacist(1), queue, {}, forgetful)
    const [snapshot] = await take(first, 1)
    const ids = Array.from({ length: 30 }, (_, number) => `w${number}`)
    for (const id of ids) await change(id)
    await take(first, ids.length)
    const broker = await connectBroker(world.nats.url, 'admin')
    let readers = 0
    broker.connection.subscribe('$JS.API.CONSUMER.CREATE.>', { callback: () => void readers++ })
    await broker.connection.flush()
    const again = await Promise.all(Array.from({ length: 10 }, (_, number) => subscribe(pharmacist(number), queue, { after: snapshot!.data!['verificationQueue'].cursor }, forgetful)))
    const all = nextOf(again, ids.length + 1)
    await change('last')
    for (const answers of await all) assert.deepEqual(answers.map(({ data }) => data!['verificationQueue'].item.id), [...ids, 'last'])
    assert.ok(readers >= 1 && readers <= 5, `${readers} readers of the stream for ten clients`)
    await broker.connection.close()
    await Promise.all(clients.splice(0).map((client) => client.dispose()))
  } finally {
    await forgetful.stop()
  }
})

test('other roles or another selection are another group', async () => {
  const work = (query: string) => `subscription { workQueueChanged(queue: VERIFICATION) { ${query} } }`
  const all = await Promise.all([
    subscribe(pharmacist(1), work('item { id state }')),
    subscribe(pharmacist(2), work('item { id state }')),
    subscribe(personas.technician, work('item { id state }')),
    subscribe(pharmacist(3), work('item { id }')),
  ])
  await nextOf(all)
  assert.equal(await fetchesOf('prescriptions', async () => {
    await change('w1')
    await nextOf(all)
  }), 3)
})

test('health information is read by each person for themselves, and so is what a person may do', async () => {
  const prescription = { id: 'rx1', sig: 'one a day', allowedActions: ['verify'] }
  for (const field of ['sig', 'allowedActions']) {
    const query = `subscription { verificationQueue { item { id prescription { id ${field} } } } }`
    const all = await Promise.all([1, 2, 3].map((number) => subscribe(pharmacist(number), query)))
    await nextOf(all)
    const fetches = await fetchesOf('prescriptions', async () => {
      await change('w1', 'AVAILABLE', { prescription })
      for (const [answer] of await nextOf(all)) assert.ok(answer!.data!['verificationQueue'].item.prescription[field])
    })
    assert.equal(fetches, 3, field)
    await Promise.all(clients.splice(0).map((client) => client.dispose()))
    await until(() => world.gateway.live().subscribers === 0)
  }
})

test('two tabs of one patient share; the patient and the pharmacist who watch one order do not', async () => {
  const query = 'subscription { orderChanged(orderId: "o1") { status order { status } } }'
  const all = await Promise.all([subscribe(personas.patient('p1'), query), subscribe(personas.patient('p1'), query), subscribe(personas.pharmacist, query)])
  await nextOf(all)
  const fetches = await fetchesOf('orders', async () => {
    world.data.orders.get('o1')!['status'] = 'RX_CHECKED'
    await world.publish('orders.order-status-changed.v1', { orderId: 'o1', patientId: 'p1', from: 'X', to: 'RX_CHECKED', reasonCode: null })
    await nextOf(all)
  })
  assert.equal(fetches, 2)
})

test('a shared answer is still authorised for each: who lost access gets nothing, the others go on', async () => {
  const [first, second] = [await subscribe(pharmacist(99), queue), await subscribe(pharmacist(2), queue)]
  await nextOf([first, second])
  const ended = first.next().then(() => 'went on', () => 'ended')
  const broker = await connectBroker(world.nats.url, 'admin')
  broker.connection.publish('identity.revoked', JSON.stringify({ subject: 'pharm-99' }))
  await broker.connection.flush()
  assert.equal(await ended, 'ended')
  await change('w1')
  assert.equal((await take(second, 1))[0]!.data!['verificationQueue'].item.id, 'w1')
  await broker.connection.close()
})

test('one whose token ends while the shared fetch is under way gets nothing of it', async () => {
  const claims = pharmacist(1)
  const short = world.client(await world.issuer.token(claims, { expiresIn: 2 }))
  clients.push(short)
  const [first, second] = [short.iterate({ query: queue }), await subscribe(pharmacist(2), queue)]
  await nextOf([first, second])
  world.subgraphs.prescriptions.delay = 2_500
  await change('w1')
  await assert.rejects(Promise.resolve(first.next()))
  assert.equal((await take(second, 1))[0]!.data!['verificationQueue'].item.id, 'w1')
})

test('whoever asked first may leave in the middle of the fetch: the others get it', async () => {
  const [first, second, third] = [await subscribe(pharmacist(1), queue), await subscribe(pharmacist(2), queue), await subscribe(pharmacist(3), queue)]
  await nextOf([first, second, third])
  world.subgraphs.prescriptions.delay = 200
  const fetches = await fetchesOf('prescriptions', async () => {
    await change('w1')
    await until(() => world.subgraphs.prescriptions.received.at(-1)?.body.includes('w1') ?? false)
    await first.return?.()
    for (const [answer] of await nextOf([second, third])) assert.equal(answer!.data!['verificationQueue'].item.id, 'w1')
  })
  assert.equal(fetches, 1)
})

test('an owner that is down is waited for by the whole group together', async () => {
  const all = await Promise.all([1, 2, 3, 4, 5].map((number) => subscribe(pharmacist(number), queue)))
  await nextOf(all)
  await world.subgraphs.prescriptions.stop()
  await change('w1')
  const answers = nextOf(all)
  await world.subgraphs.prescriptions.start()
  const fetches = await fetchesOf('prescriptions', () => answers)
  assert.ok(fetches <= 2, `${fetches} fetches`)
  for (const [answer] of await answers) assert.equal(answer!.data!['verificationQueue'].item.id, 'w1')
})
