import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { playJourney } from '../../dev/src/journey/journey.ts'
import { startStack } from '../../dev/src/stack/stack.ts'
import { startCollector } from '../collector.ts'
import { eventually } from '../environment.ts'
import { countStatements, statementBounds, worstOf } from '../statements.ts'

const dataDir = await mkdtemp(join(tmpdir(), 'pharmagraph-statements-'))
const collector = await startCollector()
const stack = await startStack({
  dataDir, ports: 'free', seed: true, log: 'file', supervise: false, durable: false,
  env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '200', OTEL_BSP_MAX_QUEUE_SIZE: '65536' },
})
after(async () => {
  await stack.stop()
  await collector.stop()
  await rm(dataDir, { recursive: true, force: true })
})

test('no operation of the journey runs more SQL statements than its bound', { timeout: 240_000 }, async () => {
  await playJourney(stack)
  // processes send their spans every 200 ms, the gateway after the subgraphs it waited for
  await eventually(() => countStatements(collector.spans).some(({ operation, statements }) => operation === 'VerifyAuditChain' && statements > 0), { what: 'the last operation’s spans' })
  const worst = worstOf(countStatements(collector.spans))
  const table = [...worst.values()].sort((a, b) => b.statements - a.statements)
  const over = table.filter(({ operation, statements }) => statements > (statementBounds[operation] ?? 0)).map(({ operation, statements, services }) => `${operation}: ${statements} statements ${JSON.stringify(services)}, bound ${statementBounds[operation] ?? 'none: give it one in tests/statements.ts'}`)
  assert.deepEqual(over, [])
  assert.ok(worst.size >= 20, `${worst.size} operations`)
})
