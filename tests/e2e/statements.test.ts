import { test } from 'node:test'
import assert from 'node:assert/strict'
import { playJourney } from '../../dev/src/journey/journey.ts'
import { eventually } from '../environment.ts'
import { sharedStack } from '../stack.ts'
import { countStatements, statementBounds, worstOf } from '../statements.ts'

const { stack, collector } = await sharedStack()

test('no operation of the journey runs more SQL statements than its bound', { timeout: 240_000 }, async () => {
  collector.spans.length = 0
  await playJourney(stack)
  // processes send their spans every 200 ms, the gateway after the subgraphs it waited for
  await eventually(() => countStatements(collector.spans).some(({ operation, statements }) => operation === 'VerifyAuditChain' && statements > 0), { what: 'the last operation’s spans' })
  const worst = worstOf(countStatements(collector.spans))
  const table = [...worst.values()].sort((a, b) => b.statements - a.statements)
  const over = table.filter(({ operation, statements }) => statements > (statementBounds[operation] ?? 0)).map(({ operation, statements, services }) => `${operation}: ${statements} statements ${JSON.stringify(services)}, bound ${statementBounds[operation] ?? 'none: give it one in tests/statements.ts'}`)
  assert.deepEqual(over, [])
  assert.ok(worst.size >= 20, `${worst.size} operations`)
})
