/** A client that reads nothing for a while: a state skips to the latest, a lossless stream ends and resumes; over every transport. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { anOrder } from './support/subgraphs.ts'
import { transports } from './support/transports.ts'
import { personas, startWorld, until, type World } from './support/world.ts'

let world: World
before(async () => {
  world = await startWorld({ queueLimit: 10 })
})
after(() => world.stop())
beforeEach(() => {
  // each answer is large, so that the buffers of the connection are full soon
  world.data.orders.set('o1', anOrder('o1', 'p1', { statusReason: { code: 'FILLER', message: 'x'.repeat(1024 * 1024) } }))
})

const classes = {
  STATE: 'subscription($after: ID) { live: orderChanged(orderId: "o1", after: $after) { cursor status order { statusReason { message } } } }',
  LOG: 'subscription($after: ID) { live: myOrderChanged(after: $after) { cursor status order { statusReason { message } } } }',
}
const token = (): Promise<string> => world.issuer.token(personas.patient('p1'))
const move = (to: string): Promise<number> => world.publish('orders.order-status-changed.v1', { orderId: 'o1', patientId: 'p1', from: 'X', to, reasonCode: null })

/** A connection read by hand, which the libraries do not let us stop reading. */
type Reader = { readonly socket: Socket; text(): string; closed: Promise<void> }

function reader(): Reader {
  const socket = connect(Number(new URL(world.gateway.url).port), '127.0.0.1')
  let text = ''
  // what is looked for are codes, cursors and statuses: the filler is not kept
  socket.on('data', (data) => (text += data.toString('latin1').replace(/x{20,}/g, 'x')))
  socket.on('error', () => undefined)
  return { socket, text: () => text, closed: new Promise((resolve) => socket.on('close', () => resolve())) }
}

/** A client's frame is masked (RFC 6455). */
function frame(text: string): Buffer {
  const payload = Buffer.from(text)
  const mask = randomBytes(4)
  const head = payload.length < 126 ? Buffer.from([0x81, 0x80 | payload.length]) : Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 255])
  return Buffer.concat([head, mask, payload.map((byte, index) => byte ^ mask[index % 4]!)])
}

const post = (socket: Socket, path: string, accept: string, token: string, query: string): void => {
  const body = JSON.stringify({ query })
  socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\naccept: ${accept}\r\nauthorization: Bearer ${token}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

const subscribe: Record<string, (reader: Reader, token: string, query: string) => Promise<void>> = {
  async 'graphql-ws'({ socket, text }, token, query) {
    socket.write(`GET /graphql HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${randomBytes(16).toString('base64')}\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n`)
    await until(() => text().includes('101 Switching'))
    socket.write(frame(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } })))
    await until(() => text().includes('connection_ack'))
    socket.write(frame(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } })))
  },
  async 'server-sent events'({ socket }, token, query) {
    post(socket, '/graphql/stream', 'text/event-stream', token, query)
  },
  async multipart({ socket }, token, query) {
    post(socket, '/graphql', 'multipart/mixed;subscriptionSpec=1.0', token, query)
  },
}

const statusesIn = (text: string): string[] => [...text.matchAll(/"status":"(S\d+|LAST)"/g)].map(([, status]) => status!)

for (const [name, begin] of Object.entries(subscribe)) {
  test(`${name}, STATE: a reader that was away gets the latest, and fewer than there were`, async () => {
    const frozen = reader()
    await begin(frozen, await token(), classes.STATE)
    await until(() => frozen.text().includes('"cursor"'))
    frozen.socket.pause()
    for (let sent = 0; sent < 40; sent++) await move(`S${sent}`)
    await move('LAST')
    assert.equal(world.gateway.live().subscribers, 1, 'it is kept')
    frozen.socket.resume()
    await until(() => statusesIn(frozen.text()).includes('LAST'))
    const seen = statusesIn(frozen.text())
    assert.ok(seen.length < 41, `${seen.length} of 41`)
    assert.deepEqual(seen, seen.toSorted((a, b) => Number(a.slice(1)) - Number(b.slice(1)) || 0), 'in order')
    frozen.socket.destroy()
    await until(() => world.gateway.live().subscribers === 0)
  })

  test(`${name}, LOG: a reader that was away too long is closed, and has everything when it resumes`, async () => {
    const frozen = reader()
    const given = await token()
    await begin(frozen, given, classes.LOG)
    await until(() => frozen.text().includes('"cursor"'))
    frozen.socket.pause()
    let sent = 0
    await until(async () => {
      await move(`S${sent++}`)
      return world.gateway.live().subscribers === 0
    })
    assert.ok(sent > 10, 'it is closed only when its queue is full')
    frozen.socket.resume()
    await until(() => frozen.socket.destroyed || frozen.text().includes('SLOW_CONSUMER'))
    if (name === 'graphql-ws') assert.match(frozen.text(), /SLOW_CONSUMER/)
    frozen.socket.destroy()
    const seen = [...frozen.text().matchAll(/"cursor":"([^"]+)","status":(?:"(S\d+)"|null)/g)]
    const cursor = seen.at(-1)![1]!
    const before = seen.flatMap(([, , status]) => status ?? [])
    const again = transports['graphql-sse'](world.gateway.url, given, { query: classes.LOG, variables: { after: cursor } })
    await until(() => again.answers.length === sent - before.length)
    assert.deepEqual([...before, ...again.answers.map(({ data }) => data!['live'].status as string)], Array.from({ length: sent }, (_, index) => `S${index}`))
    again.leave()
    await until(() => world.gateway.live().subscribers === 0)
  })
}
