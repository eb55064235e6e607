import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { connect } from 'nats'
import { startNats } from '../src/stack/nats.ts'
import { isAlive } from '../src/stack/process-table.ts'
import { temporaryFolder } from './tools.ts'

const nats = await startNats({ storeDir: temporaryFolder(), port: 0 })
after(() => nats.stop())

async function messagesKept(): Promise<number> {
  const connection = await connect({ servers: nats.url })
  const { state } = await (await connection.jetstreamManager()).streams.info('KEPT')
  await connection.close()
  return state.messages
}

test('JetStream keeps acknowledged messages through kill -9 and a restart', async () => {
  const connection = await connect({ servers: nats.url })
  await (await connection.jetstreamManager()).streams.add({ name: 'KEPT', subjects: ['kept.>'] })
  for (let i = 0; i < 10; i += 1) await connection.jetstream().publish(`kept.${i}`, '{}')
  await connection.close()

  const before = nats.pid
  await nats.kill()
  assert.ok(before !== undefined && !isAlive(before))
  await assert.rejects(connect({ servers: nats.url, maxReconnectAttempts: 0 }))
  await nats.restart()
  assert.equal(await messagesKept(), 10)
})

test('a server that is running already can be restarted, and a stopped one started', async () => {
  await nats.restart()
  await nats.stop()
  assert.equal(nats.pid, undefined)
  await nats.restart()
  assert.equal(await messagesKept(), 10)
})
