import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
// @ts-expect-error plain modules, checked by their own configuration
import { Graph, GraphError } from '../src/graph.js'
// @ts-expect-error plain modules, checked by their own configuration
import { afterIdle } from '../src/idle.js'
// @ts-expect-error plain modules, checked by their own configuration
import { challengeOf, Session } from '../src/session.js'
// @ts-expect-error plain modules, checked by their own configuration
import { day, money, progress, refusal, words } from '../src/words.js'

const endpoints = { authorization_endpoint: 'https://id.example/auth', token_endpoint: 'https://id.example/token', end_session_endpoint: 'https://id.example/end' }
const jwt = (claims: object) => `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`

function surroundings() {
  const kept = new Map<string, string>()
  const near = {
    left: [] as URL[], grants: [] as URLSearchParams[], time: 0, refuse: false, kept,
    session: undefined as unknown as InstanceType<typeof Session>,
  }
  near.session = new Session({
    config: { issuer: 'https://id.example/', clients: { web: { scope: 'patient', operations: { Me: 'id-of-me' } }, staff: { scope: 'staff', operations: {} } } },
    store: { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value), removeItem: (key: string) => void kept.delete(key) },
    page: 'https://shop.example/app/',
    leave: (url: string) => void near.left.push(new URL(url)),
    now: () => near.time,
    async fetch(url: string, init?: { body: URLSearchParams }) {
      if (String(url).includes('.well-known')) return Response.json(endpoints)
      near.grants.push(init!.body)
      if (near.refuse) return Response.json({ error: 'invalid_grant', error_description: 'gone' }, { status: 400 })
      return Response.json({ access_token: jwt({ roles: ['patient'], n: near.grants.length }), refresh_token: `r${near.grants.length}`, id_token: jwt({ name: 'Ana Núñez' }), expires_in: 900 })
    },
  })
  return near
}

async function signedIn() {
  const near = surroundings()
  await near.session.signIn('web', { back: '#/cart' })
  const outcome = await near.session.resume(new URLSearchParams({ state: near.left[0]!.searchParams.get('state')!, code: 'c1' }))
  return { ...near, near, outcome }
}

test('the code challenge is that of RFC 7636, Appendix B', async () => {
  assert.equal(await challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'), 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM')
})

test('signing in leaves with PKCE, and the answer is exchanged for tokens that never touch a store', async () => {
  const { near, outcome, session } = await signedIn()
  const asked = near.left[0]!.searchParams
  assert.deepEqual([asked.get('client_id'), asked.get('scope'), asked.get('code_challenge_method'), asked.get('redirect_uri')], ['web', 'openid profile patient', 'S256', 'https://shop.example/app/'])
  assert.equal(await challengeOf(near.grants[0]!.get('code_verifier')), asked.get('code_challenge'))
  assert.deepEqual([outcome, session.client, session.person], [{ back: '#/cart' }, 'web', { name: 'Ana Núñez', roles: ['patient'] }])
  assert.deepEqual([...near.kept], [['pharmagraph.client', 'web']])
})

test('an answer to another sign-in is refused; a reload asks the issuer quietly, and nobody is bothered where it says no', async () => {
  const near = surroundings()
  assert.match((await near.session.resume(new URLSearchParams({ state: 'forged', code: 'x' }))).problem, /elsewhere/)
  assert.equal(near.grants.length, 0)
  near.kept.set('pharmagraph.client', 'web')
  assert.deepEqual(await near.session.resume(new URLSearchParams()), { left: true })
  assert.equal(near.left[0]!.searchParams.get('prompt'), 'none')
  assert.deepEqual(await near.session.resume(new URLSearchParams({ state: near.left[0]!.searchParams.get('state')!, error: 'login_required' })), {})
  assert.deepEqual([...near.kept], [])
})

test('a step-up asks for the second factor as the graph said', async () => {
  const { near, session } = await signedIn()
  await session.signIn('staff', { acrValues: 'urn:pharmagraph:otp', maxAge: 300, back: '#/review/1' })
  const asked = near.left[1]!.searchParams
  assert.deepEqual([asked.get('acr_values'), asked.get('max_age'), asked.get('prompt'), asked.get('scope')], ['urn:pharmagraph:otp', '300', 'login', 'openid profile staff'])
})

test('a token near its end is refreshed once for all who ask; a session that is over says so', async () => {
  const { near, session } = await signedIn()
  const first = await session.token()
  near.time = 900_000 - 10_000
  const tokens = await Promise.all([session.token(), session.token(), session.token()])
  assert.deepEqual([near.grants.length, near.grants[1]!.get('grant_type'), new Set(tokens).size], [2, 'refresh_token', 1])
  assert.notEqual(tokens[0], first)
  near.time *= 3
  near.refuse = true
  await assert.rejects(session.token(), /gone/)
  assert.equal(session.client, undefined)
})

type Sink = { next(value: object): void; error(trouble: unknown): void; complete(): void }
function livingGraph() {
  const subscriptions: { variables: Record<string, unknown>; sink: Sink; left: boolean }[] = []
  const socket = {
    subscribe({ variables }: { variables: Record<string, unknown> }, sink: Sink) {
      const subscription = { variables, sink, left: false }
      subscriptions.push(subscription)
      return () => void (subscription.left = true)
    },
  }
  const graph = new Graph({ session: { operations: { Live: 'id' }, token: async () => 't' }, socket, wait: async () => {}, fetch: async () => Response.json({}) })
  return { graph, subscriptions, turn: () => new Promise((done) => setImmediate(done)) }
}

test('a broken live connection goes on after the last cursor: nothing is lost, nothing comes twice', async () => {
  const { graph, subscriptions, turn } = livingGraph()
  const [seen, states] = [[] as string[], [] as string[]]
  const stop = graph.live('Live', { orderId: 'o' }, { event: ({ cursor }: { cursor: string }) => void seen.push(cursor), state: (state: string) => void states.push(state) })
  const push = (cursor: string) => subscriptions.at(-1)!.sink.next({ data: { live: { cursor } } })
  push('1')
  push('2')
  subscriptions[0]!.sink.error({ code: 4411 })
  await turn()
  assert.deepEqual(subscriptions[1]!.variables, { orderId: 'o', after: '2' })
  push('2')
  push('3')
  subscriptions[1]!.sink.complete()
  await turn()
  push('4')
  assert.deepEqual([seen, subscriptions[2]!.variables['after'], [...new Set(states)]], [['1', '2', '3', '4'], '3', ['live', 'waiting']])
  stop()
  assert.equal(subscriptions[2]!.left, true)
})

test('an expired cursor begins again with a snapshot; a refusal ends the stream with its reason', async () => {
  const { graph, subscriptions, turn } = livingGraph()
  const states: unknown[] = []
  graph.live('Live', {}, { event: () => {}, state: (...state: unknown[]) => void states.push(state) })
  subscriptions[0]!.sink.next({ data: { live: { cursor: '9' } } })
  subscriptions[0]!.sink.error([{ message: 'too long ago', extensions: { code: 'CURSOR_EXPIRED' } }])
  await turn()
  assert.deepEqual(subscriptions[1]!.variables, {})
  subscriptions[1]!.sink.error([{ message: 'not for you', extensions: { code: 'FORBIDDEN' } }])
  await turn()
  assert.deepEqual([subscriptions.length, states.at(-1)], [2, ['ended', 'not for you']])
})

test('an operation is asked for by its id; errors without data are thrown with their code', async () => {
  const calls: { headers: Record<string, string>; body: string }[] = []
  let answer: object = { data: { me: null } }
  const graph = new Graph({ session: { operations: { Me: 'abc' }, token: async () => 'tok' }, socket: {}, fetch: async (_url: string, init: (typeof calls)[number]) => { calls.push(init); return Response.json(answer) } })
  assert.deepEqual(await graph.run('Me'), { me: null })
  assert.equal(calls[0]!.headers['authorization'], 'Bearer tok')
  assert.deepEqual(JSON.parse(calls[0]!.body), { operationName: 'Me', variables: {}, extensions: { persistedQuery: { version: 1, sha256Hash: 'abc' } } })
  answer = { errors: [{ message: 'no', extensions: { code: 'FORBIDDEN' } }] }
  await assert.rejects(graph.run('Me'), (error: InstanceType<typeof GraphError>) => error.code === 'FORBIDDEN')
  await assert.rejects(graph.run('Nothing'), /no persisted operation Nothing/)
})

test('values read as people write them, and an order shows how far it is', () => {
  assert.deepEqual([words('OUT_OF_STOCK'), words('SHIPPED'), refusal({ message: 'm', reason: { message: 'why' } })], ['Out of stock', 'On its way', 'why'])
  assert.match(money({ amountMinor: 123456, currency: 'USD' }), /1[,.\s]?234[.,]56/)
  assert.match(day('2026-03-01'), /1/)
  const states = (status: string) => progress(status).map(({ state }: { state: string }) => state[0]).join('')
  assert.deepEqual([states('CHECKOUT_STARTED'), states('SHIPPED'), states('DELIVERED'), states('CLOSED'), states('CANCELLED')], ['noooooooo', 'dddddddno', 'ddddddddd', 'ddddddddd', 'ooooooooo'])
})

test('every operation the pages use is persisted for the application that uses it', () => {
  const source = new URL('../src/', import.meta.url)
  const operations = (client: string) => new Set(readdirSync(new URL(`../../../schema/operations/${client}/`, import.meta.url)).map((file) => file.replace('.graphql', '')))
  const users = { 'patient/drugs.js': ['web', 'staff'], 'patient/messages.js': ['web'] } as Record<string, string[]>
  let used = 0
  for (const folder of ['patient', 'staff']) {
    for (const file of readdirSync(new URL(`${folder}/`, source))) {
      for (const [, name] of readFileSync(new URL(`${folder}/${file}`, source), 'utf8').matchAll(/graph\.(?:run|live)\('(\w+)'/g)) {
        used++
        for (const client of users[`${folder}/${file}`] ?? [folder === 'staff' ? 'staff' : 'web']) if (!(client === 'staff' && name === 'AddToCart')) assert.ok(operations(client).has(name!), `${client}/${name}`)
      }
    }
  }
  assert.ok(used > 20)
})

test('H1 a page that nobody touches for its minutes signs its person out, also after a sleep; one that is touched does not', () => {
  const near = { time: 0, listeners: new Map<string, () => void>(), looks: [] as (() => void)[], left: 0 }
  const start = () => afterIdle({
    addEventListener: (event: string, run: () => void) => void near.listeners.set(event, run), removeEventListener: (event: string) => void near.listeners.delete(event),
    every: (_ms: number, run: () => void) => {
      near.looks.push(run)
      return () => void near.looks.splice(near.looks.indexOf(run), 1)
    },
    now: () => near.time,
  }, 10, () => near.left++)
  const minutes = (count: number) => {
    near.time += count * 60_000
    for (const look of [...near.looks]) look()
  }
  start()
  for (const event of ['keydown', 'pointerdown', 'scroll']) {
    minutes(9)
    near.listeners.get(event)!()
  }
  minutes(9)
  assert.equal(near.left, 0)
  // asleep for an hour: the touch that wakes it comes too late
  near.time += 60 * 60_000
  near.listeners.get('keydown')!()
  minutes(0)
  assert.deepEqual([near.left, near.looks.length, near.listeners.size], [1, 0, 0])
  const stop = start()
  stop()
  minutes(60)
  assert.equal(near.left, 1)
})
