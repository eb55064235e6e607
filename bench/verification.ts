/**
 * Fifty pharmacists empty a queue of 500: claims per second and the 99th percentile of the real command
 * (`claimNextWorkItem`: SKIP LOCKED, one claim per person, separation of duties, lease, fencing token, history and event in
 * one transaction). Beside it, in the same run and on the same PostgreSQL: the command with the table locked before it; the
 * same promises kept row by row through the unit of work; and three ways in bare SQL (skip what is locked, lock the table,
 * read the head and write it without a lock), which keep no history, lease or token and tell nobody. Everybody puts an item
 * away by the same bare update. What follows a claim, the screening
 * of a prescription or the start of a fill, is left out.
 */
import { resolve } from 'node:path'
import pg from 'pg'
import { LockMode } from '@mikro-orm/postgresql'
import { apply, migrate, newId, openDatabase, transact, type Actor, type EntityManager, type Orm } from '@pharmagraph/platform'
import '@pharmagraph/schema/events'
import { claimNextWorkItem, leaseEnd } from '../subgraphs/prescriptions/src/commands/claim-work-item.ts'
import { WorkItem } from '../subgraphs/prescriptions/src/entities/work-item.ts'
import { workItemLifecycle } from '../subgraphs/prescriptions/src/lifecycles/work-item.ts'
import { prescriptions } from '../subgraphs/prescriptions/src/subgraph.ts'
import { scratchDatabase, scratchServer } from '../tests/environment.ts'

const connections = 20
const workers = 50
const items = 500

/** Claims an item and gives its id; undefined when none is left. */
type Contender = { table: 'work_item' | 'peer_item'; claim(worker: Actor): Promise<{ id: string } | null | undefined> }
type Figures = { claimsPerSecond: number; p50Ms: number; p99Ms: number; claimedTwice: number }

export async function run(): Promise<void> {
  const server = await scratchServer()
  const database = await scratchDatabase(server, 'bench_verification')
  const orm = await openDatabase({ url: database.url, entities: prescriptions.entities, migrations: resolve(prescriptions.folder, 'migrations'), poolSize: connections })
  const pool = new pg.Pool({ connectionString: database.url, max: connections })
  try {
    await migrate(orm)
    await pool.query(`create table peer_item (id uuid primary key, priority int not null, created_at timestamptz not null, status text not null default 'AVAILABLE', claimed_by text)`)
    await pool.query(`create index on peer_item (priority, created_at, id) where status = 'AVAILABLE'`)
    const contenders: Record<string, Contender> = {
      ours: { table: 'work_item', claim: (worker) => claimNext(orm.em.fork(), worker) },
      oursTableLock: inTransaction(orm, claimUnderTableLock), rowByRow: inTransaction(orm, claimRowByRow),
      skipLocked: peer(pool, 'SKIP_LOCKED'), tableLock: peer(pool, 'TABLE_LOCK'), readModifyWrite: peer(pool, 'NONE'),
    }
    const figures: Record<string, Figures> = {}
    for (const warm of [true, false]) {
      for (const [name, contender] of Object.entries(contenders)) {
        await fill(pool, warm ? 50 : items)
        const measured = await empty(pool, contender)
        if (!warm) figures[name] = measured
      }
    }
    for (const [name, { claimsPerSecond, p50Ms, p99Ms, claimedTwice }] of Object.entries(figures)) {
      console.log(`${name.padEnd(16)} ${claimsPerSecond.toFixed(0).padStart(6)} claims/s  p50 ${p50Ms.toFixed(0).padStart(5)} ms  p99 ${p99Ms.toFixed(0).padStart(5)} ms  claimed by two: ${claimedTwice}`)
    }
    const ratio = (one: string, other: string): number => Math.round((figures[one]!.claimsPerSecond / figures[other]!.claimsPerSecond) * 100) / 100
    console.log(JSON.stringify({
      bench: 'verification', connections, workers, items, figures, ratioToTableLock: ratio('ours', 'oursTableLock'), ratioToRowByRow: ratio('ours', 'rowByRow'),
      bareSql: { ratioToTableLock: ratio('skipLocked', 'tableLock'), ratioToReadModifyWrite: ratio('skipLocked', 'readModifyWrite') }, ratioToBareSql: ratio('ours', 'skipLocked'),
    }))
    if (figures['ours']!.claimedTwice) throw new Error(`${figures['ours']!.claimedTwice} items were in two hands`)
  } finally {
    await pool.end()
    await orm.close(true)
    await database.drop()
    await server.stop()
  }
}

async function fill(pool: pg.Pool, count: number): Promise<void> {
  const ids = Array.from({ length: count }, () => newId())
  await pool.query('truncate work_item, peer_item')
  await pool.query(`insert into work_item (id, queue, status, priority, due_at, created_at, excluded) select id, 'VERIFICATION', 'AVAILABLE', 50, now() + interval '1 day', now(), '{}' from unnest($1::uuid[]) id`, [ids])
  await pool.query(`insert into peer_item (id, priority, created_at) select id, 50, now() from unnest($1::uuid[]) id`, [ids])
  await pool.query('analyze work_item, peer_item')
}

/** All workers at once, each claiming and finishing until nothing is left. The time of a claim is that of the claim alone. */
async function empty(pool: pg.Pool, contender: Contender): Promise<Figures> {
  const taken = new Map<string, number>()
  const times: number[] = []
  const started = performance.now()
  await Promise.all(Array.from({ length: workers }, async () => {
    const worker: Actor = { subject: newId(), roles: ['pharmacist'], scopes: [], amr: ['pwd', 'otp'] }
    for (;;) {
      const before = performance.now()
      const item = await contender.claim(worker)
      if (!item) return
      times.push(performance.now() - before)
      taken.set(item.id, (taken.get(item.id) ?? 0) + 1)
      await pool.query(`update ${contender.table} set status = 'DONE' where id = $1`, [item.id])
    }
  }))
  const seconds = (performance.now() - started) / 1000
  times.sort((a, b) => a - b)
  const percentile = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0
  return { claimsPerSecond: times.length / seconds, p50Ms: percentile(0.5), p99Ms: percentile(0.99), claimedTwice: [...taken.values()].filter((hands) => hands > 1).length }
}

type Claim = (em: EntityManager, worker: Actor) => Promise<{ id: string } | null>
const inTransaction = (orm: Orm, claim: Claim): Contender => ({ table: 'work_item', claim: (worker) => transact(orm, (em) => claim(em, worker)) })

const claimNext: Claim = (em, worker) => claimNextWorkItem(em, worker, { queue: 'VERIFICATION' })

const claimUnderTableLock: Claim = async (em, worker) => {
  await em.execute('lock table work_item in exclusive mode')
  return claimNext(em, worker)
}

const claimRowByRow: Claim = async (em, worker) => {
  await em.execute('select pg_advisory_xact_lock(hashtext(?))', [`claim:VERIFICATION:${worker.subject}`])
  const own = await em.findOne(WorkItem, { queue: 'VERIFICATION', claimedBy: worker.subject, status: 'CLAIMED' }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (own) return own
  const [item] = await em.find(WorkItem, { queue: 'VERIFICATION', status: 'AVAILABLE' }, {
    orderBy: { priority: 'asc', dueAt: 'asc', createdAt: 'asc', id: 'asc' }, limit: 1, lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE,
  })
  if (!item) return null
  Object.assign(item, { claimedBy: worker.subject, claimedByRole: 'pharmacist', leaseUntil: leaseEnd(), token: item.token + 1, attempt: item.attempt + 1 })
  apply(em, worker, workItemLifecycle, item, 'claim')
  return item
}

const peer = (pool: pg.Pool, lock: 'SKIP_LOCKED' | 'TABLE_LOCK' | 'NONE'): Contender => ({
  table: 'peer_item',
  async claim({ subject }) {
    const client = await pool.connect()
    try {
      await client.query('begin')
      if (lock === 'TABLE_LOCK') await client.query('lock table peer_item in exclusive mode')
      const { rows } = await client.query<{ id: string }>(`select id from peer_item where status = 'AVAILABLE' order by priority, created_at, id limit 1 ${lock === 'SKIP_LOCKED' ? 'for update skip locked' : ''}`)
      const [head] = rows
      if (head) await client.query(`update peer_item set status = 'CLAIMED', claimed_by = $2 where id = $1`, [head.id, subject])
      await client.query('commit')
      return head
    } finally {
      client.release()
    }
  },
})
