import assert from 'node:assert/strict'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { fromBytes } from '../src/execution/bytes.ts'
import { openConnections } from '../src/execution/connections.ts'
import { connectSubgraphs, SubgraphUnavailable } from '../src/execution/subgraphs.ts'

const servers: Server[] = []
after(() => servers.forEach((server) => server.close()))

/** A server that does what it is told with each request's socket. */
async function serve(handle: (socket: Socket, request: string) => void): Promise<URL> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (data) => handle(socket, data.toString()))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`)
}
const open = (url: URL, timeoutMs = 5_000) => openConnections(url, { connections: 4, pipelining: 3, timeoutMs, connectTimeoutMs: 1_000, idleMs: 4_000 })
const head = 'POST /graphql HTTP/1.1\r\nhost: x\r\n'

test('an answer that comes in pieces, cut within a character, is read whole', async () => {
  const text = '{"data":"Zürich €"}'
  const bytes = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  const url = await serve(async (socket) => {
    for (let at = 0; at < bytes.length; at += 7) {
      socket.write(bytes.subarray(at, at + 7))
      await new Promise((resolve) => setImmediate(resolve))
    }
  })
  const connections = open(url)
  for (let time = 0; time < 3; time++) assert.deepEqual(await connections.post(head, '{}').then(({ status, body }) => [status, fromBytes(body)]), [200, text])
  connections.close()
})

test('an answer in chunks is read whole, after an interim one', async () => {
  const url = await serve((socket) => socket.write('HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n'))
  const connections = open(url)
  assert.deepEqual(await connections.post(head, '{}'), { status: 500, body: 'hello world', ascii: true })
  connections.close()
})

test('what does not answer in time, or closes instead, is an error that says so', async () => {
  const silent = open(await serve(() => undefined), 50)
  await assert.rejects(silent.post(head, '{}'), { code: 'ETIMEDOUT' })
  const closing = open(await serve((socket) => socket.destroy()))
  await assert.rejects(closing.post(head, '{}'), { code: 'ECONNRESET' })
  silent.close()
  closing.close()
})

test('more requests than connections wait their turn', async () => {
  let most = 0
  let now = 0
  const url = await serve((socket) => {
    most = Math.max(most, ++now)
    setTimeout(() => {
      now--
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}')
    }, 5)
  })
  const connections = open(url)
  await Promise.all(Array.from({ length: 20 }, () => connections.post(head, '{}')))
  assert.equal(most, 4)
  connections.close()
})

test('reads of one kind that come up together share a connection, answered in order; others go alone', async () => {
  const received: string[] = []
  const url = await serve((socket, request) => {
    received.push(request)
    const bodies = [...request.matchAll(/"n":(\d+)/g)].map(([, n]) => n!)
    const answers = bodies.map((n) => `HTTP/1.1 200 OK\r\ncontent-length: ${n.length}\r\n\r\n${n}`).join('')
    // in two pieces, cut within the second answer
    socket.write(answers.slice(0, 50))
    setImmediate(() => socket.write(answers.slice(50)))
  })
  const connections = open(url)
  const ask = (n: number, kind?: unknown) => connections.post(head, JSON.stringify({ n }), kind).then(({ body }) => Number(body))
  const [a, b] = [{}, {}]
  assert.deepEqual(await Promise.all([ask(1, a), ask(2, a), ask(3, b), ask(4, a), ask(5, a), ask(6)]), [1, 2, 3, 4, 5, 6])
  assert.deepEqual(received.map((text) => [...text.matchAll(/"n":(\d+)/g)].map(([, n]) => n).join()).sort(), ['1,2,4', '3', '5', '6'])
  connections.close()
})

test('when a shared connection breaks, every read on it is made again', async () => {
  let asked = 0
  const url = await serve((socket, request) => {
    const count = request.split('POST ').length - 1
    asked += count
    if (asked === count) return void socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"data":{}}`)
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"data":{}}'.repeat(count))
  })
  const subgraphs = connectSubgraphs(() => url.href)
  const kind = {}
  await Promise.all([1, 2, 3].map(() => subgraphs.send({ service: 'orders', body: '{}', idempotent: true, headerLines: '', kind })))
  assert.equal(asked, 5)
  await subgraphs.close()
})

test('a service that fails again and again is left alone for a moment, then asked again', async () => {
  let asked = 0
  let broken = true
  const url = await serve((socket) => {
    asked++
    const body = broken ? 'no' : '{"data":{}}'
    socket.write(`HTTP/1.1 ${broken ? 500 : 200} X\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  })
  const subgraphs = connectSubgraphs(() => url.href)
  const ask = () => subgraphs.send({ service: 'orders', body: '{}', idempotent: true, headerLines: '' })
  for (let time = 0; time < 30; time++) await assert.rejects(ask(), SubgraphUnavailable)
  assert.equal(asked, 10)
  broken = false
  const deadline = Date.now() + 5_000
  while (!(await ask().then(() => true, () => false))) assert.ok(Date.now() < deadline)
  assert.equal(asked, 11)
  await subgraphs.close()
})

test('a mutation whose connection broke is not sent again', async () => {
  let asked = 0
  const url = await serve((socket) => {
    asked++
    socket.destroy()
  })
  const subgraphs = connectSubgraphs(() => url.href)
  await assert.rejects(subgraphs.send({ service: 'orders', body: '{}', idempotent: false, headerLines: '' }), SubgraphUnavailable)
  assert.equal(asked, 1)
  await assert.rejects(subgraphs.send({ service: 'orders', body: '{}', idempotent: true, headerLines: '' }), SubgraphUnavailable)
  assert.equal(asked, 3)
  await subgraphs.close()
})
