import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId, transact } from '@pharmagraph/platform'
import { testSubgraph } from '../../../tests/environment.ts'
import { assess, meanKineticTemperature, type Reading } from '../src/cold-chain.ts'
import { rememberDrugs } from '../src/commands/remember-drug.ts'
import { inventory } from '../src/subgraph.ts'
import { inDays, keeper, stockedShelf, system } from './shelf.ts'

const hour = 3_600_000
const start = new Date('2027-01-01T00:00:00Z').getTime()
/** Temperatures in order, one per `everyMs`. */
const series = (...runs: [count: number, celsius: number][]): number[] => runs.flatMap(([count, celsius]) => Array.from({ length: count }, () => celsius))
const hourly = (temperatures: readonly number[], everyMs = hour): Reading[] => temperatures.map((celsius, index) => ({ at: new Date(start + index * everyMs), celsius }))
const day = 24 * hour

test('mean kinetic temperature agrees with the worked examples of USP to a thousandth of a degree', () => {
  const cases: [number[], number][] = [
    [series([24, 22]), 22], [series([29, 25], [1, 40]), 26.113], [series([29, 22], [1, 40]), 23.6], [series([23, 5], [1, 15]), 5.764], [series([12, 5], [12, 12]), 9.207],
  ]
  for (const [temperatures, expected] of cases) {
    const found = meanKineticTemperature(temperatures.map((celsius) => ({ celsius, weight: 1 })))
    assert.ok(Math.abs(found - expected) < 0.0005, `${found} is not ${expected}`)
  }
})

test('room temperature tolerates a spike that its mean kinetic temperature survives over 30 days, and no other', () => {
  assert.equal(assess('CRT', hourly(series([29, 22], [1, 40]), day), 1_440).disposition, 'OK')
  assert.equal(assess('CRT', hourly(series([29, 25], [1, 40]), day), 1_440).disposition, 'REJECT')
  assert.deepEqual(assess('CRT', hourly(series([29, 22], [1, 40.1]), day), 1_440).reasons, ['40.1 °C is above 40 °C'], 'an excursion beyond the limit is never averaged away')
  assert.equal(assess('CRT', hourly(series([10, 22], [1, 14])), 60).disposition, 'REJECT')
})

test('in the cold an hour at 15 °C is looked at by a person, half a day at 12 °C is rejected, and so is frost', () => {
  assert.deepEqual(assess('REFRIGERATED', hourly(series([24, 5])), 60).disposition, 'OK')
  const short = assess('REFRIGERATED', hourly(series([23, 5], [1, 15])), 60)
  assert.deepEqual([short.disposition, short.meanKineticTemperature!.toFixed(3)], ['QA_REVIEW', '5.764'])
  assert.equal(assess('REFRIGERATED', hourly(series([12, 5], [12, 12])), 60).disposition, 'REJECT')
  assert.equal(assess('REFRIGERATED', hourly(series([23, 5], [1, -1])), 60).disposition, 'REJECT')
  assert.equal(assess('FROZEN', hourly(series([23, -18], [1, -9])), 60).disposition, 'REJECT')
})

test('a warm day does not hide in a cold month: the window moves with the readings', () => {
  const report = assess('REFRIGERATED', hourly(series([300, 4], [12, 5], [12, 12], [300, 4])), 60)
  assert.equal(report.disposition, 'REJECT')
  assert.ok(report.meanKineticTemperature! > 9)
})

test('a silence of the logger is unknown, not fine, and its last reading does not stand for it', () => {
  const readings = hourly(series([10, 5]))
  const late = readings.map(({ at, celsius }) => ({ at: new Date(at.getTime() + 14 * hour), celsius }))
  const report = assess('REFRIGERATED', [...readings, ...late], 60)
  assert.deepEqual([report.disposition, report.gaps.length, report.gaps[0]!.from], ['QA_REVIEW', 1, readings.at(-1)!.at])
  assert.equal(assess('REFRIGERATED', [], 60).disposition, 'QA_REVIEW')
  const uneven = assess('CRT', [{ at: new Date(start), celsius: 20 }, { at: new Date(start + hour), celsius: 24 }, { at: new Date(start + 3 * hour), celsius: 24 }], 60)
  assert.ok(uneven.meanKineticTemperature! > 23, 'readings weigh by the time they stand for')
})

const subgraph = await testSubgraph(inventory)
const shelf = await stockedShelf(subgraph)
const record = 'mutation ($i: RecordTemperaturesInput!) { recordTemperatures(input: $i) { ... on ColdChainPayload { report { disposition meanKineticTemperature gaps { from to } reasons } } ... on InvalidInput { field } } }'
const status = async (id: string) => (await subgraph.sql<{ status: string }>('select status from lot where id = $1', [id]))[0]!.status

test('S86 a rejected zone puts the lots stored there on hold, those of no other class or place, and readings count once', async () => {
  const [cold, warm] = [newId(), newId()]
  await transact(subgraph.running.orm, (em) => rememberDrugs(em, system, [
    { drugId: cold, version: 1, ndc: '0591-0369-01', packageSize: 10, storageClass: 'REFRIGERATED' }, { drugId: warm, version: 1, ndc: '0591-0369-02', packageSize: 10, storageClass: 'CRT' },
  ]))
  const [fridge, elsewhere] = await shelf.stock(cold, { quantity: 10, expires: inDays(200) }, { quantity: 10, expires: inDays(200), location: shelf.there }) as [string, string]
  const [room] = await shelf.stock(warm, { quantity: 10, expires: inDays(200) }) as [string]
  const now = Date.now()
  await subgraph.sql(`update lot set received_at = now() - interval '3 days' where id = any($1)`, [[fridge, elsewhere, room]])
  const [late] = await shelf.stock(cold, { quantity: 10, expires: inDays(201) }) as [string]
  const send = async (sensorId: string, temperatures: number[], fields: object = {}) =>
    (await subgraph.data(keeper, record, { i: { locationId: shelf.here, storageClass: 'REFRIGERATED', sensorId, intervalMinutes: 60, readings: temperatures.map((celsius, index) => ({ at: new Date(now - (temperatures.length - index) * hour).toISOString(), celsius })), ...fields } })).recordTemperatures
  assert.equal((await send('logger-1', series([20, 5]))).report.disposition, 'OK')
  assert.equal((await send('logger-1', series([20, 5]))).report.gaps.length, 0)
  assert.equal(Number((await subgraph.sql<{ n: string }>('select count(*) as n from temperature_reading'))[0]!.n), 20)
  assert.equal((await send('logger-2', series([10, 5], [10, 14]))).report.disposition, 'REJECT', 'a second logger that disagrees is not outvoted')
  assert.deepEqual([await status(fridge), await status(elsewhere), await status(room)], ['ON_HOLD', 'AVAILABLE', 'AVAILABLE'])
  assert.equal(await status(late), 'AVAILABLE', 'what came after the excursion was not in it')
  const { _entities } = await subgraph.data(keeper, 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Lot { coldChain { disposition highest reasons } } } }', { r: [fridge, late, room].map((id) => ({ __typename: 'Lot', id })) })
  assert.deepEqual(_entities.map(({ coldChain }: { coldChain: { disposition: string; highest: number | null } }) => [coldChain.disposition, coldChain.highest]), [['REJECT', 14], ['QA_REVIEW', null], ['QA_REVIEW', null]], 'a zone without readings is unknown, not fine')
  for (const [field, fields] of [['locationId', { locationId: newId() }], ['readings', { readings: [] }], ['intervalMinutes', { intervalMinutes: 0 }], ['sensorId', { sensorId: 'a b' }]] as const) {
    assert.equal((await send('logger-3', [5], fields)).field, field)
  }
})
