import { after, test } from 'node:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { play } from '../../dev/src/demos/live.ts'
import { silent } from '../../dev/src/journey/journey.ts'
import { startStack } from '../../dev/src/stack/stack.ts'

const dataDir = await mkdtemp(join(tmpdir(), 'pharmagraph-live-'))
const stack = await startStack({ dataDir, ports: 'free', seed: true, log: 'file' })
after(async () => {
  await stack.stop()
  await rm(dataDir, { recursive: true, force: true })
})

test('four screens over three transports get every message once, in order, though the gateway is killed in the middle', { timeout: 240_000 }, async () => {
  const { gatewayUrl, wsUrl, issuer, sandboxes } = stack
  await play({ gatewayUrl, wsUrl, issuer, sandboxes, dataDir }, silent)
})
