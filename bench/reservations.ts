/**
 * Holds per second of the real command (`holdStock`: FEFO over lots, ledger, history and outbox in one transaction)
 * on one hot drug and on 1,000 drugs, and what 200 buyers at once get of 50 units. Beside it, in the same run and on
 * the same PostgreSQL, two ways shops commonly do it: `SELECT … FOR UPDATE` on one stock row per product, and reading
 * and writing that row without a lock. The peers keep no lots, no ledger and tell nobody; they do much less work.
 */
import { resolve } from 'node:path'
import pg from 'pg'
import { addDays, apply, clock, migrate, newId, openDatabase, systemActor, transact, type Actor, type EntityManager } from '@pharmagraph/platform'
import '@pharmagraph/schema/events'
import { holdStock } from '../subgraphs/inventory/src/commands/hold-stock.ts'
import { receiveStock } from '../subgraphs/inventory/src/commands/receive-stock.ts'
import { rememberDrugs } from '../subgraphs/inventory/src/commands/remember-drug.ts'
import { Location } from '../subgraphs/inventory/src/entities/location.ts'
import { lotLifecycle } from '../subgraphs/inventory/src/lifecycles/lot.ts'
import { inventory } from '../subgraphs/inventory/src/subgraph.ts'
import { scratchDatabase, scratchServer } from '../tests/environment.ts'

const connections = 20
const workers = 40
const roundMs = 2_000
const rounds = 2
const manyDrugs = 1_000

type Contender = { hold(drugId: string): Promise<void>; held(drugId: string): Promise<number> }

export async function run(): Promise<void> {
  const server = await scratchServer()
  const database = await scratchDatabase(server, 'bench_reservations')
  const orm = await openDatabase({ url: database.url, entities: inventory.entities, migrations: resolve(inventory.folder, 'migrations'), poolSize: connections })
  const pool = new pg.Pool({ connectionString: database.url, max: connections })
  try {
    await migrate(orm)
    const drugs = Array.from({ length: manyDrugs + 4 }, () => newId())
    const [hot, ...rest] = drugs as [string, ...string[]]
    const scarce = rest.splice(0, 3)
    await stock(orm, [hot, ...rest], 10_000_000)
    await stock(orm, scarce, 50)
    await pool.query('create table peer_stock (drug_id uuid primary key, free numeric not null)')
    await pool.query('create table peer_hold (order_line_id uuid primary key, drug_id uuid not null, quantity numeric not null)')
    await pool.query('insert into peer_stock select drug_id, sum(quantity_on_hand) from lot group by drug_id')

    const contenders: Record<string, Contender> = { ours: ours(orm, pool), forUpdate: forUpdate(pool), unlocked: unlocked(pool) }
    const rates: Record<string, { hot: number; many: number }> = {}
    for (const contender of Object.values(contenders)) await rate(contender, [hot], 300) // warm
    for (let round = 0; round < rounds; round++) {
      for (const [name, contender] of Object.entries(contenders)) {
        rates[name] ??= { hot: 0, many: 0 }
        rates[name].hot += (await rate(contender, [hot], roundMs)) / rounds
        rates[name].many += (await rate(contender, rest, roundMs)) / rounds
      }
    }
    const oversold: Record<string, number> = {}
    for (const [index, [name, contender]] of Object.entries(contenders).entries()) {
      const drugId = scarce[index]!
      await Promise.all(Array.from({ length: 200 }, () => contender.hold(drugId)))
      oversold[name] = (await contender.held(drugId)) - 50
    }
    const [lot] = (await pool.query<{ free: string }>('select min(quantity_on_hand - quantity_reserved) as free from lot')).rows
    for (const [name, { hot: onOne, many }] of Object.entries(rates)) {
      console.log(`${name.padEnd(10)} ${onOne.toFixed(0).padStart(6)} holds/s on one drug  ${many.toFixed(0).padStart(6)} on ${manyDrugs}  oversold by 200 buyers of 50: ${oversold[name]}`)
    }
    console.log(JSON.stringify({
      bench: 'reservations', connections, workers, holdsPerSecond: rates, oversold, smallestFreeBalance: Number(lot!.free),
      ratioToForUpdate: { hot: ratio(rates, 'hot', 'forUpdate'), many: ratio(rates, 'many', 'forUpdate') },
      ratioToUnlocked: { hot: ratio(rates, 'hot', 'unlocked'), many: ratio(rates, 'many', 'unlocked') },
    }))
    if (oversold['ours'] !== 0) throw new Error(`oversold by ${oversold['ours']}`)
  } finally {
    await pool.end()
    await orm.close(true)
    await database.drop()
    await server.stop()
  }
}

type Orm = Awaited<ReturnType<typeof openDatabase>>

const system = systemActor('bench')
const keeper: Actor = { ...system, roles: ['inventory'] }

async function stock(orm: Orm, drugIds: readonly string[], quantity: number): Promise<void> {
  await transact(orm, async (em: EntityManager) => {
    const locationId = newId()
    em.create(Location, { id: locationId, name: 'Bench', city: 'San Francisco', state: 'CA', servesStates: ['CA'] })
    await em.flush()
    await rememberDrugs(em, system, drugIds.map((drugId) => ({ drugId, version: 1, ndc: '0591-0369-01', packageSize: 10 })))
    const lots = await receiveStock(em, keeper, drugIds.map((drugId) => ({ drugId, locationId, batchNumber: 'B1', expiryDate: addDays(clock.today(), 400), quantity, reference: 'bench' })))
    for (const lot of lots) apply(em, keeper, lotLifecycle, lot, 'release')
  })
}

const ours = (orm: Orm, pool: pg.Pool): Contender => ({
  async hold(drugId) {
    const request = { orderId: newId(), shipDate: clock.today(), lines: [{ orderLineId: newId(), drugId, quantity: 1, daysSupply: 30 }] }
    await transact(orm, (em) => holdStock(em, system, request))
  },
  held: (drugId) => sumOf(pool, `select sum(quantity) from reservation where status = 'HELD' and drug_id = $1`, drugId),
})

const forUpdate = (pool: pg.Pool): Contender => ({
  async hold(drugId) {
    const client = await pool.connect()
    try {
      await client.query('begin')
      const { rows } = await client.query<{ free: string }>('select free from peer_stock where drug_id = $1 for update', [drugId])
      if (Number(rows[0]!.free) >= 1) {
        await client.query('update peer_stock set free = free - 1 where drug_id = $1', [drugId])
        await client.query('insert into peer_hold values ($1, $2, 1)', [newId(), drugId])
      }
      await client.query('commit')
    } finally {
      client.release()
    }
  },
  held: (drugId) => sumOf(pool, 'select sum(quantity) from peer_hold where drug_id = $1', drugId),
})

const unlocked = (pool: pg.Pool): Contender => ({
  async hold(drugId) {
    const client = await pool.connect()
    try {
      const { rows } = await client.query<{ free: string }>('select free from peer_stock where drug_id = $1', [drugId])
      const free = Number(rows[0]!.free)
      if (free < 1) return
      await client.query('update peer_stock set free = $2 where drug_id = $1', [drugId, free - 1])
      await client.query('insert into peer_hold values ($1, $2, 1)', [newId(), drugId])
    } finally {
      client.release()
    }
  },
  held: (drugId) => sumOf(pool, 'select sum(quantity) from peer_hold where drug_id = $1', drugId),
})

const sumOf = async (pool: pg.Pool, sql: string, drugId: string): Promise<number> => Number((await pool.query<{ sum: string | null }>(sql, [drugId])).rows[0]!.sum ?? 0)

/** Holds of one unit per second, `workers` buyers at a time, over `ms`. */
async function rate(contender: Contender, drugIds: readonly string[], ms: number): Promise<number> {
  const started = performance.now()
  let done = 0
  await Promise.all(Array.from({ length: workers }, async (_, worker) => {
    for (let i = worker; performance.now() - started < ms; i += workers, done++) await contender.hold(drugIds[i % drugIds.length]!)
  }))
  return (done / (performance.now() - started)) * 1_000
}

const ratio = (rates: Record<string, { hot: number; many: number }>, what: 'hot' | 'many', peer: string): number =>
  Number((rates['ours']![what] / rates[peer]![what]).toFixed(3))
