import assert from 'node:assert/strict'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { after, test } from 'node:test'
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
const open = (url: URL, timeoutMs = 5_000) => openConnections(url, { connections: 4, timeoutMs, connectTimeoutMs: 1_000, idleMs: 4_000 })
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
  for (let time = 0; time < 3; time++) assert.deepEqual(await connections.post(head, '{}'), { status: 200, body: text })
  connections.close()
})

test('an answer in chunks is read whole, after an interim one', async () => {
  const url = await serve((socket) => socket.write('HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n'))
  const connections = open(url)
  assert.deepEqual(await connections.post(head, '{}'), { status: 500, body: 'hello world' })
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
