import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import pg from 'pg'
import { startPostgres } from '../src/stack/postgres.ts'
import type { Postgres } from '../src/stack/postgres.ts'
import { removePostgresHome } from '../src/stack/postgres-home.ts'
import { isAlive } from '../src/stack/process-table.ts'
import { temporaryFolder } from './tools.ts'

const folder = temporaryFolder()
const databases = ['patients', 'orders', 'audit']
const start = () => startPostgres({ dataDir: folder, port: 0, durable: false, databases })

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

let postgres: Postgres = await start()
after(() => postgres.stop())

test('each subgraph has a database and a role of its own, with the extensions it may use', async () => {
  for (const name of databases) {
    const who = "select current_user as role, current_database() as database, current_setting('is_superuser') as super"
    const [row] = await query(postgres.urlFor(name), who)
    assert.deepEqual(row, { role: name, database: name, super: 'off' })
  }
  const rows = await query(postgres.urlFor('orders'), 'select extname from pg_extension order by 1')
  assert.deepEqual(rows.map(({ extname }) => extname), ['btree_gist', 'cube', 'earthdistance', 'pg_trgm', 'pgcrypto', 'plpgsql'])
})

test('S1 a role cannot enter the database of another, nor make one', async () => {
  const orders = new URL(postgres.urlFor('orders'))
  for (const other of ['patients', 'audit', 'postgres', 'template1']) {
    const url = Object.assign(new URL(orders), { pathname: `/${other}` }).href
    await assert.rejects(query(url, 'select 1'), { code: '42501' }, `orders entered ${other}`)
  }
  await assert.rejects(query(orders.href, 'create database mine'), { code: '42501' })
  await assert.rejects(query(orders.href, "copy (select 1) to program 'true'"), { code: '42501' })
})

test('each role has its own password', () => {
  const passwords = new Set(databases.map((name) => new URL(postgres.urlFor(name)).password))
  assert.equal(passwords.size, databases.length)
})

test('an unknown database is refused by name', () => {
  assert.throws(() => postgres.urlFor('billing'), { code: 'BAD_SETTING', message: /"billing"/ })
})

test('data outlives a stop, which leaves no process', async () => {
  await query(postgres.urlFor('orders'), 'create table kept (id int); insert into kept values (1)')
  const { pid } = postgres.service
  await postgres.stop()
  assert.ok(pid !== undefined && !isAlive(pid))
  postgres = await start()
  assert.deepEqual(await query(postgres.urlFor('orders'), 'select id from kept'), [{ id: 1 }])
})

test('after kill -9 the next start finds the data, although postmaster.pid is still there', async () => {
  await query(postgres.urlFor('orders'), 'insert into kept values (2)')
  await postgres.service.kill('SIGKILL')
  postgres = await start()
  assert.deepEqual(await query(postgres.urlFor('orders'), 'select count(*)::int as n from kept'), [{ n: 2 }])
})

test('a postmaster.pid whose id now belongs to another process does not block the start', async () => {
  const cluster = (await query(postgres.adminUrlFor('postgres'), 'show data_directory'))[0]?.['data_directory'] as string
  await postgres.stop()
  writeFileSync(join(cluster, 'postmaster.pid'), `${process.pid}\n${cluster}\n1\n0\n\n\n0 0\nready\n`)
  postgres = await start()
  assert.equal(postgres.service.status, 'ready')
})

test('a server that a killed stack left running is replaced', async () => {
  const left = postgres.service.pid
  // Its first owner never learns of the second start, as if it had been killed.
  postgres = await start()
  assert.ok(left !== undefined && !isAlive(left))
  assert.deepEqual(await query(postgres.urlFor('orders'), 'select 1 as one'), [{ one: 1 }])
})

test('it starts below a folder that only its owner can enter', async (t) => {
  const closed = temporaryFolder()
  const dataDir = join(closed, 'postgres')
  const server = await startPostgres({ dataDir, port: 0, durable: false, databases: ['orders'] })
  t.after(() => removePostgresHome(dataDir))
  assert.deepEqual(await query(server.urlFor('orders'), 'select 1 as one'), [{ one: 1 }])
  await server.stop()
})
