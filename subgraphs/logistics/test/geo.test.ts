import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { postgisServer, scratchDatabase, scratchServer, testSubgraph } from '../../../tests/environment.ts'
import { depots } from './support.ts'
import { encodePolyline, straightMeters, type Point } from '../src/geo/distance.ts'
import { nearestDepot, nearestDepotSql, nearestDrivers, nearestDriversSql } from '../src/reads/nearest.ts'
import { logistics } from '../src/subgraph.ts'

const subgraph = await testSubgraph(logistics, { seed: true })
const server = await scratchServer()
const geo = readFileSync(new URL('../geo.sql', import.meta.url), 'utf8')
const postgis = await postgisServer()

/** Known great-circle distances: San Francisco to New York, Oakland and Sydney; over the date line; pole to pole. */
const known: [Point, Point, number][] = [
  [{ latitude: 37.7749, longitude: -122.4194 }, { latitude: 40.7128, longitude: -74.006 }, 4_129_086],
  [{ latitude: 37.7749, longitude: -122.4194 }, { latitude: 37.8044, longitude: -122.2712 }, 13_429],
  [{ latitude: 37.7749, longitude: -122.4194 }, { latitude: -33.8688, longitude: 151.2093 }, 11_947_580],
  [{ latitude: 0, longitude: 179.5 }, { latitude: 0, longitude: -179.5 }, 111_195],
  [{ latitude: 90, longitude: 0 }, { latitude: -90, longitude: 0 }, 20_015_115],
  [{ latitude: 37.7573, longitude: -122.4188 }, { latitude: 37.7574, longitude: -122.4188 }, 11.12],
]
const within = (actual: number, expected: number, share: number, what: string): void => assert.ok(Math.abs(actual - expected) <= expected * share, `${what}: ${actual} m, not ${expected} m`)

test('distances by haversine are right to a thousandth', () => {
  for (const [a, b, meters] of known) within(straightMeters(a, b), meters, 0.001, JSON.stringify([a, b]))
  assert.equal(straightMeters(known[0]![0], known[0]![0]), 0)
})

test('a polyline is encoded as its author shows', () => {
  // the example of Google's "Encoded Polyline Algorithm Format"
  const points = [[38.5, -120.2], [40.7, -120.95], [43.252, -126.453]].map(([latitude, longitude]) => ({ latitude: latitude!, longitude: longitude! }))
  assert.equal(encodePolyline(points), '_p~iF~ps|U_ulLnnqC_mqNvxq`@')
  assert.equal(encodePolyline([]), '')
})

/** What both engines must give, on a database of 20,000 places. */
async function tryEngine(client: pg.Client, type: string): Promise<void> {
  await client.query(geo)
  for (const [a, b, meters] of known) {
    const { rows } = await client.query('select geo_distance_m($1, $2, $3, $4) as m', [a.latitude, a.longitude, b.latitude, b.longitude])
    within(rows[0].m, meters, 0.0056, type)
  }
  assert.equal((await client.query('select pg_typeof(geo_point(1, 2))::text as type')).rows[0].type, type)
  await client.query('create table place (id int, latitude double precision, longitude double precision)')
  await client.query('select setseed(0.42)')
  await client.query('insert into place select n, random() * 160 - 80, random() * 360 - 180 from generate_series(1, 20000) n')
  await client.query('create index place_point on place using gist (geo_point(latitude, longitude))')
  await client.query('analyze place')
  for (const [latitude, longitude] of [[37.77, -122.42], [-10, 179.9], [60, 0]]) {
    const nearest = 'select id from place order by geo_point(latitude, longitude) <-> geo_point($1, $2) limit 5'
    const plan = (await client.query(`explain ${nearest}`, [latitude, longitude])).rows.map((row) => row['QUERY PLAN']).join('\n')
    assert.match(plan, /Index Scan using place_point/)
    const byIndex = (await client.query(nearest, [latitude, longitude])).rows
    const byHand = (await client.query('select id from place order by geo_distance_m(latitude, longitude, $1, $2) limit 5', [latitude, longitude])).rows
    assert.deepEqual(byIndex, byHand)
  }
}

test('without PostGIS, cube gives distances and the nearest places by its index, to a role that is no superuser', async () => {
  const database = await scratchDatabase(server, 'geo')
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    await client.query("set geo.engine = 'cube'")
    await tryEngine(client, 'cube')
  } finally {
    await client.end()
    await database.drop()
  }
})

test('with PostGIS, geography gives the same under the same names', { skip: postgis ? false : 'PostGIS is not installed' }, async () => {
  const client = new pg.Client({ connectionString: postgis!.adminUrl })
  await client.connect()
  try {
    await tryEngine(client, 'geography')
  } finally {
    await client.end()
    await postgis!.stop()
  }
})

test('S7 S29 the nearest depot and drivers are found through the spatial indexes, a parcel by its tracking number through its own', async () => {
  const em = subgraph.running.orm.em.fork()
  assert.equal(await nearestDepot(em, { latitude: 37.7825, longitude: -122.4715 }), depots.mission)
  assert.equal(await nearestDepot(em, { latitude: 37.8355, longitude: -122.2628 }), depots.oakland)
  const drivers = await nearestDrivers(em, { latitude: 37.8085, longitude: -122.269 }, 3)
  assert.deepEqual(drivers.toSorted(), ['502', '504', '506'].map((n) => `01990000-0000-7000-8000-000000000${n}`))

  await subgraph.sql(`insert into depot select gen_random_uuid(), 'far', 'x', 'x', 'NV', '89000', 36 + random(), -115 - random(), 'America/Los_Angeles' from generate_series(1, 3000)`)
  await subgraph.sql(`insert into driver (id, given, family, depot_id, vehicle_id, shifts, may_carry_controlled, last_latitude, last_longitude)
    select gen_random_uuid(), 'x', 'x', $1, gen_random_uuid(), '[]', false, case when n % 2 = 0 then 36 + random() end, case when n % 2 = 0 then -115 - random() end from generate_series(1, 6000) n`, [depots.oakland])
  await subgraph.sql('analyze depot, driver')
  for (const [sql, index] of [[nearestDepotSql, 'depot_point'], [nearestDriversSql, 'driver_point']] as const) {
    const plan = await em.execute<{ 'QUERY PLAN': string }[]>(`explain ${sql}`, [37.78, -122.47, 3])
    assert.match(plan.map((row) => row['QUERY PLAN']).join('\n'), new RegExp(`Index Scan using ${index}`))
  }
  assert.equal(await nearestDepot(em, { latitude: 37.7825, longitude: -122.4715 }), depots.mission)
  await em.execute('set enable_seqscan = off')
  const plan = await em.execute<{ 'QUERY PLAN': string }[]>("explain select id from shipment where tracking_number = 'PG1'")
  assert.match(plan.map((row) => row['QUERY PLAN']).join('\n'), /shipment_tracking_number_index/)
})
