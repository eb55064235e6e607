import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expectedStatuses, playJourney } from '../../dev/src/journey/journey.ts'
import { startStack } from '../../dev/src/stack/stack.ts'

const dataDir = await mkdtemp(join(tmpdir(), 'pharmagraph-e2e-'))
const stack = await startStack({ dataDir, ports: 'free', seed: true, log: 'file', supervise: false, durable: false })
after(async () => {
  await stack.stop()
  await rm(dataDir, { recursive: true, force: true })
})

test('S18 S59 S66 an order goes from prescription to doorstep, and everybody sees what they must', { timeout: 180_000 }, async () => {
  const result = await playJourney(stack)
  assert.deepEqual(result.statusesPushed, expectedStatuses)
  assert.ok(result.auditEntries > expectedStatuses.length)
})
