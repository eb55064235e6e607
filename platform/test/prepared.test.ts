import { test } from 'node:test'
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { UniqueConstraintViolationException } from '@mikro-orm/postgresql'
import { defineSubgraph, newId, prepared, transact } from '@pharmagraph/platform'
import { testSubgraph } from '../../tests/environment.ts'

const { running: { orm }, countSql } = await testSubgraph(defineSubgraph({
  name: 'probe', folder: resolve(import.meta.dirname, 'probe'), sdl: 'type Query { ok: Boolean }', entities: [], resolvers: { Query: { ok: () => true } },
  loaders: () => ({}), services: () => ({}), consumers: [], jobs: [],
}))

test('a prepared statement is planned once per connection, runs in the transaction and is counted like any other', async () => {
  const names = await transact(orm, async (em) => {
    for (let i = 0; i < 3; i++) assert.deepEqual(await prepared(em, 'select $1::int + 1 as next', [i]), [{ next: i + 1 }])
    return prepared<{ plans: number }>(em, `select count(*)::int as plans from pg_prepared_statements where statement = 'select $1::int + 1 as next'`, [])
  })
  assert.deepEqual(names, [{ plans: 1 }])
  assert.ok((await countSql(() => transact(orm, async (em) => void (await prepared(em, 'select 1', []))))) >= 1)
})

test('what the database refuses in a prepared statement is refused as the ORM says it, and outside a transaction there is none', async () => {
  const eventId = newId()
  const insert = (): Promise<unknown> => transact(orm, (em) => prepared(em, `insert into inbox (event_id, consumer, received_at) values ($1, 'test', now())`, [eventId]))
  await insert()
  await assert.rejects(insert(), UniqueConstraintViolationException)
  await assert.rejects(prepared(orm.em.fork(), 'select 1', []), { code: 'INTERNAL' })
})
