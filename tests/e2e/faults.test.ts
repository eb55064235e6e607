import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { expectedStatuses, playJourney, type StepName } from '../../dev/src/journey/journey.ts'
import { GraphClient } from '@pharmagraph/sdk'
import { people } from '../../dev/src/identity/people.ts'
import { signIn } from '../../dev/src/identity/sign-in.ts'
import { startStack } from '../../dev/src/stack/stack.ts'
import { eventually } from '../environment.ts'

const dataDir = await mkdtemp(join(tmpdir(), 'pharmagraph-faults-'))
const stack = await startStack({ dataDir, ports: 'free', seed: true, log: 'file', supervise: false, durable: true })
after(async () => {
  await stack.stop()
  await rm(dataDir, { recursive: true, force: true })
})

/** Kills as by kill -9 and starts again, without waiting for the moment to be convenient. */
async function crash(name: string): Promise<void> {
  if (name === 'nats') await stack.nats.kill()
  else await stack.processes.get(name)!.kill('SIGKILL')
  await stack.restart(name)
}

async function inDatabase<Row extends pg.QueryResultRow>(name: string, text: string, params: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: stack.postgres.adminUrlFor(name) })
  await client.connect()
  try {
    return (await client.query<Row>(text, params)).rows
  } finally {
    await client.end()
  }
}

/** Who dies after which step: every subgraph, the gateway and the broker once. */
const victims: Partial<Record<StepName, string[]>> = {
  registered: ['patients'],
  sent: ['prescriptions'],
  queued: ['gateway'],
  found: ['catalog'],
  ordered: ['orders', 'nats'],
  paid: ['inventory'],
  assigned: ['logistics'],
  delivered: ['audit'],
}

test('S5 kill -9 of every subgraph, the gateway and the broker during one journey loses nothing and does nothing twice', { timeout: 280_000 }, async () => {
  const killed: string[] = []
  const result = await playJourney(stack, undefined, async (step) => {
    for (const name of victims[step] ?? []) {
      killed.push(name)
      await crash(name)
    }
  })
  assert.deepEqual(killed.toSorted(), ['audit', 'catalog', 'gateway', 'inventory', 'logistics', 'nats', 'orders', 'patients', 'prescriptions'])
  assert.deepEqual(result.statusesPushed, expectedStatuses)

  const commits = await inDatabase<{ n: number; lines: number }>(
    'inventory',
    `select count(*)::int as n, count(distinct order_line_id)::int as lines from reservation where order_id = $1 and status = 'COMMITTED'`,
    [result.orderId],
  )
  assert.deepEqual(commits, [{ n: 2, lines: 2 }], 'stock of each line committed once')
  const [taken] = await inDatabase<{ quantity: string }>(
    'inventory',
    `select sum(-delta) as quantity from ledger_entry where type = 'COMMIT' and reference in (select id::text from reservation where order_id = $1 union select order_line_id::text from reservation where order_id = $1 union select $1::text)`,
    [result.orderId],
  )
  assert.equal(Number(taken?.quantity), 60, 'exactly what was ordered left the books')
  for (const name of ['patients', 'prescriptions', 'catalog', 'inventory', 'orders', 'logistics', 'audit']) {
    const [left] = await eventually(async () => {
      const rows = await inDatabase<{ waiting: number; dead: number }>(name, 'select (select count(*)::int from outbox where published_at is null) as waiting, (select count(*)::int from dead_letter) as dead')
      return rows[0]?.waiting === 0 && rows
    }, { what: `${name}’s outbox drained` })
    assert.equal(left!.dead, 0, `no event of ${name} was given up`)
  }
})

test('S3 while a subgraph is down its fields are null with an error path, and the rest answers', { timeout: 60_000 }, async () => {
  const session = await signIn(stack.issuer, people.james)
  const client = new GraphClient(stack, 'web', session.accessToken)
  const search = { search: 'lisinopril', first: 1 }
  const before = await client.run('SearchDrugs', search)
  assert.ok(before.drugs.nodes[0].availability.status)
  await stack.processes.get('inventory')!.kill('SIGKILL')
  const during = await client.ask('SearchDrugs', search)
  assert.equal(during.data.drugs.nodes[0]?.name, before.drugs.nodes[0].name)
  assert.equal(during.data.drugs.nodes[0]?.availability ?? null, null)
  assert.ok(during.errors?.some(({ path }) => path?.includes('drugs')), JSON.stringify(during.errors))
  await stack.restart('inventory')
  await eventually(async () => (await client.ask('SearchDrugs', search)).errors === undefined, { within: 20_000, what: 'availability back' })
})
