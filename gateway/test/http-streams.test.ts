import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { ApolloClient, HttpLink, InMemoryCache, gql, type CombinedGraphQLErrors } from '@apollo/client'
import { createClient } from 'graphql-sse'
import { anOrder } from './support/subgraphs.ts'
import { personas, startWorld, take, until, type Answer, type World } from './support/world.ts'

let world: World
const leavers: (() => void)[] = []
before(async () => {
  world = await startWorld()
})
after(() => world.stop())
beforeEach(() => world.data.orders.set('o1', anOrder('o1', 'p1')))
afterEach(async () => {
  for (const leave of leavers.splice(0)) leave()
  await until(() => world.gateway.live().subscribers === 0 && world.gateway.live().watchers === 0)
})

const query = 'subscription($after: ID) { myOrderChanged(after: $after) { cursor kind status order { id } } }'
const move = (to: string, patientId = 'p1') => world.publish('orders.order-status-changed.v1', { orderId: 'o1', patientId, from: 'X', to, reasonCode: null })
const patientToken = (expiresIn = 300) => world.issuer.token(personas.patient(), { expiresIn })

/** The ways a subscription can be read without a WebSocket. */
const transports: Record<string, (request: { query: string; variables?: Record<string, unknown> }, token: string) => AsyncIterator<Answer>> = {
  'server-sent events'(request, token) {
    const leave = new AbortController()
    leavers.push(() => leave.abort())
    return readEvents(fetch(`${world.gateway.url}/stream`, {
      method: 'POST', body: JSON.stringify(request), signal: leave.signal,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, accept: 'text/event-stream' },
    }))
  },
  'multipart subscriptions'(request, token) {
    const leave = new AbortController()
    leavers.push(() => leave.abort())
    return readMultipart(fetch(world.gateway.url, {
      method: 'POST', body: JSON.stringify(request), signal: leave.signal,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, accept: 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0", application/json' },
    }))
  },
  'the client of graphql-sse'(request, token) {
    const client = createClient({ url: `${world.gateway.url}/stream`, headers: { authorization: `Bearer ${token}` }, retryAttempts: 0 })
    leavers.push(() => client.dispose())
    return client.iterate(request) as AsyncIterator<Answer>
  },
  '@apollo/client'(request, token) {
    const link = new HttpLink({ uri: world.gateway.url, headers: { authorization: `Bearer ${token}` } })
    const client = new ApolloClient({ link, cache: new InMemoryCache() })
    const results = client.subscribe({ query: gql(request.query), variables: request.variables ?? {}, fetchPolicy: 'no-cache' })
    const waiting: Answer[] = []
    let wake = (): void => undefined
    const subscription = results.subscribe(({ data, error }) => {
      // it asks for the name of each type by itself
      const plain = data ? (JSON.parse(JSON.stringify(data, (key, value: unknown) => (key === '__typename' ? undefined : value))) as Record<string, any>) : undefined
      waiting.push({ ...(plain && { data: plain }), ...(error && { errors: (error as CombinedGraphQLErrors).errors as Answer['errors'] & object }) })
      wake()
    })
    leavers.push(() => subscription.unsubscribe())
    return {
      async next() {
        while (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve))
        return { done: false, value: waiting.shift()! }
      },
    }
  },
}

/** Events as the protocol of graphql-sse has them, a connection per operation: `next` with an answer, `complete` at the end. */
async function* readEvents(answer: Promise<Response>): AsyncGenerator<Answer> {
  const response = await answer
  assert.match(response.headers.get('content-type')!, /^text\/event-stream/)
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n')
      text = text.slice(end + 2)
      const field = (name: string): string | undefined => lines.find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1).trim()
      if (field('event') === 'complete') return
      if (field('event') === 'next') yield JSON.parse(field('data')!) as Answer
    }
  }
}

/** Parts as Apollo's clients read them: whole when the next boundary has come; an empty object is a heartbeat. */
async function* readMultipart(answer: Promise<Response>): AsyncGenerator<Answer> {
  const response = await answer
  assert.match(response.headers.get('content-type')!, /^multipart\/mixed;boundary="graphql"/)
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    for (let end = text.indexOf('\r\n--graphql'); end >= 0; end = text.indexOf('\r\n--graphql')) {
      const body = text.slice(0, end).split('\r\n\r\n')[1]
      text = text.slice(end + '\r\n--graphql'.length)
      const message = body ? (JSON.parse(body) as { payload?: Answer | null; errors?: Answer['errors'] }) : {}
      if (message.payload) yield message.payload
      else if (message.errors) yield { errors: message.errors }
    }
  }
}

for (const [name, subscribe] of Object.entries(transports)) {
  test(`${name}: the present state, then every change`, async () => {
    const events = subscribe({ query }, await patientToken())
    const [snapshot] = await take(events, 1)
    assert.deepEqual([snapshot!.data!['myOrderChanged'].kind, snapshot!.data!['myOrderChanged'].order], ['SNAPSHOT', null])
    await move('RX_CHECKED', 'p2')
    await move('STOCK_HELD')
    const [change] = await take(events, 1)
    assert.deepEqual([change!.data!['myOrderChanged'].status, change!.data!['myOrderChanged'].order], ['STOCK_HELD', { id: 'o1' }])
  })

  test(`${name}: a client that comes back gets what it missed`, async () => {
    const events = subscribe({ query }, await patientToken())
    const [snapshot] = await take(events, 1)
    await move('RX_CHECKED')
    await move('STOCK_HELD')
    const again = subscribe({ query, variables: { after: snapshot!.data!['myOrderChanged'].cursor } }, await patientToken())
    assert.deepEqual((await take(again, 2)).map(({ data }) => data!['myOrderChanged'].status), ['RX_CHECKED', 'STOCK_HELD'])
  })

  test(`${name}: what is not the subscriber's is told as an error, not as a bare end`, async () => {
    world.data.orders.set('o2', anOrder('o2', 'p2'))
    const [answer] = await take(subscribe({ query: 'subscription { orderChanged(orderId: "o2") { kind } }' }, await patientToken()), 1)
    assert.equal(answer!.errors![0]!.extensions['code'], 'NOT_FOUND')
  })

  test(`${name}: the stream ends with the access token, and says so`, async () => {
    const events = subscribe({ query }, await patientToken(2))
    const [, last] = await take(events, 2)
    assert.deepEqual([last!.errors![0]!.extensions['code'], last!.errors![0]!.extensions['reason']], ['UNAUTHENTICATED', 'TOKEN_EXPIRED'])
  })

  test(`${name}: leaving releases what was held, even while nothing happens`, async () => {
    await take(subscribe({ query }, await patientToken()), 1)
    assert.equal(world.gateway.live().watchers, 1)
    for (const leave of leavers.splice(0)) leave()
    await until(() => world.gateway.live().watchers === 0 && world.gateway.live().subscribers === 0)
  })

  test(`${name}: a gateway that restarts asks to subscribe again`, async () => {
    const [first, second] = [world.gateway, await world.startGateway()]
    world.gateway = second
    try {
      const events = subscribe({ query }, await patientToken())
      await take(events, 1)
      const last = take(events, 1)
      await second.stop()
      assert.equal((await last)[0]!.errors![0]!.extensions['code'], 'SERVICE_RESTART')
    } finally {
      world.gateway = first
    }
  })
}

test('queries run over the stream, too; mutations by GET do not', async () => {
  const [answer] = await take(transports['server-sent events']!({ query: '{ order(id: "o1") { id } }' }, await patientToken()), 1)
  assert.deepEqual(answer!.data, { order: { id: 'o1' } })
  const get = await fetch(`${world.gateway.url}/stream?query=${encodeURIComponent('mutation { cancelOrder(input: { orderId: "o1" }) { __typename } }')}`)
  assert.equal(get.status, 400)
})

test('an operation that does not fit the graph gets no stream', async () => {
  const response = await fetch(`${world.gateway.url}/stream`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: 'subscription { nothing }' }) })
  assert.equal(response.status, 400)
  assert.equal(((await response.json()) as Answer).errors![0]!.extensions['code'], 'GRAPHQL_VALIDATION_FAILED')
})
