/**
 * Fifty pharmacists empty a queue of 500: claims per second and the 99th percentile of the real command
 * (`claimNextWorkItem`: SKIP LOCKED, lease, fencing token, history and outbox in one transaction), and of the same command
 * with the table locked before it. Beside them, in the same run and on the same PostgreSQL, the three ways in bare SQL
 * (skip what is locked, lock the table, read the head and write it without a lock), which keep no history, lease or token
 * and tell nobody. The screening of a prescription, which a claimed review starts with, is left out.
 */
import { resolve } from 'node:path'
import pg from 'pg'
import { migrate, newId, openDatabase, transact, type Actor } from '@pharmagraph/platform'
import '@pharmagraph/schema/events'
import { claimNextWorkItem } from '../subgraphs/prescriptions/src/commands/claim-work-item.ts'
import { completeWorkItem, heldWorkItem } from '../subgraphs/prescriptions/src/commands/held-work-item.ts'
import { prescriptions } from '../subgraphs/prescriptions/src/subgraph.ts'
import type { Services } from '../subgraphs/prescriptions/src/services.ts'
import { scratchDatabase, scratchServer } from '../tests/environment.ts'

const connections = 20
const workers = 50
const items = 500

/** Claims an item and gives its id; undefined when none is left. */
type Contender = { claim(worker: Actor): Promise<{ id: string; token: number } | undefined>; finish(worker: Actor, item: { id: string; token: number }): Promise<void> }
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
      ours: ours(orm, false), oursTableLock: ours(orm, true),
      skipLocked: peer(pool, 'SKIP_LOCKED'), tableLock: peer(pool, 'TABLE_LOCK'), readModifyWrite: peer(pool, 'NONE'),
    }
    const figures: Record<string, Figures> = {}
    for (const warm of [true, false]) {
      for (const [name, contender] of Object.entries(contenders)) {
        await fill(pool, warm ? 50 : items)
        const measured = await empty(contender)
        if (!warm) figures[name] = measured
      }
    }
    for (const [name, { claimsPerSecond, p50Ms, p99Ms, claimedTwice }] of Object.entries(figures)) {
      console.log(`${name.padEnd(16)} ${claimsPerSecond.toFixed(0).padStart(6)} claims/s  p50 ${p50Ms.toFixed(0).padStart(5)} ms  p99 ${p99Ms.toFixed(0).padStart(5)} ms  claimed by two: ${claimedTwice}`)
    }
    const ratio = (one: string, other: string): number => Math.round((figures[one]!.claimsPerSecond / figures[other]!.claimsPerSecond) * 100) / 100
    console.log(JSON.stringify({
      bench: 'verification', connections, workers, items, figures, ratioToTableLock: ratio('ours', 'oursTableLock'),
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
async function empty(contender: Contender): Promise<Figures> {
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
      await contender.finish(worker, item)
    }
  }))
  const seconds = (performance.now() - started) / 1000
  times.sort((a, b) => a - b)
  const percentile = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0
  return { claimsPerSecond: times.length / seconds, p50Ms: percentile(0.5), p99Ms: percentile(0.99), claimedTwice: [...taken.values()].filter((hands) => hands > 1).length }
}

const ours = (orm: Awaited<ReturnType<typeof openDatabase>>, locked: boolean): Contender => ({
  claim: (worker) => transact(orm, async (em) => {
    if (locked) await em.execute('lock table work_item in exclusive mode')
    // items of no prescription: nothing is screened, so no service is asked
    const item = await claimNextWorkItem(em, worker, {} as Services, { queue: 'VERIFICATION' })
    return item ? { id: item.id, token: item.token } : undefined
  }),
  finish: (worker, { id, token }) => transact(orm, async (em) => completeWorkItem(em, worker, await heldWorkItem(em, worker, { workItemId: id, token }, 'VERIFICATION'))),
})

const peer = (pool: pg.Pool, lock: 'SKIP_LOCKED' | 'TABLE_LOCK' | 'NONE'): Contender => ({
  async claim({ subject }) {
    const client = await pool.connect()
    try {
      await client.query('begin')
      if (lock === 'TABLE_LOCK') await client.query('lock table peer_item in exclusive mode')
      const { rows } = await client.query<{ id: string }>(`select id from peer_item where status = 'AVAILABLE' order by priority, created_at, id limit 1 ${lock === 'SKIP_LOCKED' ? 'for update skip locked' : ''}`)
      const [head] = rows
      if (head) await client.query(`update peer_item set status = 'CLAIMED', claimed_by = $2 where id = $1`, [head.id, subject])
      await client.query('commit')
      return head && { id: head.id, token: 0 }
    } finally {
      client.release()
    }
  },
  async finish(_worker, { id }) {
    await pool.query(`update peer_item set status = 'DONE' where id = $1`, [id])
  },
})
