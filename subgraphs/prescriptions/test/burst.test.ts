import { test } from 'node:test'
import assert from 'node:assert/strict'
import pg from 'pg'
import { eventually } from '../../../tests/environment.ts'
import { elena, publishDrug, registerPatient, submit, subgraph } from './pharmacy.ts'

const metric = async (name: string, labels = ''): Promise<number> => {
  const text = await (await fetch(subgraph.url.replace('/graphql', '/metrics'))).text()
  return text.split('\n').filter((line) => line.startsWith(name) && line.includes(labels)).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

test('S39 a burst of prescriptions waits in line where all can see it, drains when it may, and none is lost or triaged twice', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'amlodipine' })
  await eventually(async () => (await metric('consumer_pending')) === 0, { what: 'a quiet beginning' })
  const before = await metric('consumer_delay_seconds_count')
  const number = 60
  // nobody can write down what was handled: the handlers stand still, and submitting goes on
  const holder = new pg.Client({ connectionString: subgraph.databaseUrl })
  await holder.connect()
  let ids: string[] = []
  try {
    // nobody can write down what was handled: the handlers stand still, and submitting goes on
    await holder.query('begin')
    await holder.query('lock table inbox in access exclusive mode')
    ids = await Promise.all(Array.from({ length: number }, () => submit({ patientId: patient.id, drugId: drug.drugId }, elena)))
    await eventually(async () => (await metric('outbox_unpublished')) === 0 && (await metric('consumer_pending')) >= number, { what: 'a line of sixty' })
  } finally {
    await holder.end()
  }
  assert.equal(new Set(ids).size, number)
  const triaged = () => subgraph.sql<{ status: string }>("select status from prescription where id = any($1) and status <> 'RECEIVED'", [ids])
  await eventually(async () => (await triaged()).length === number, { what: 'all triaged', within: 60_000 })
  await eventually(async () => (await metric('consumer_pending')) === 0, { what: 'the line is gone', within: 30_000 })
  const items = await subgraph.sql<{ n: number }>("select count(*)::int as n from work_item where prescription_id = any($1) and queue = 'VERIFICATION'", [ids])
  assert.deepEqual([items[0]!.n, await metric('dead_letters')], [(await triaged()).filter(({ status }) => status === 'CLINICAL_REVIEW').length, 0])
  assert.ok((await metric('consumer_delay_seconds_count')) - before >= number)
})
