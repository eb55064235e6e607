import { test, afterEach } from 'node:test'
import assert from 'node:assert/strict'
import { clock, demoData, newId, systemActor, transact } from '@pharmagraph/platform'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { depots, driver, fail, homes, moveTo, pickUp, staff, start, type Order, type ShipmentRow } from './support.ts'
import { createShipment } from '../src/commands/create-shipment.ts'
import { dissolveMissedRoutes } from '../src/commands/dissolve-missed-routes.ts'
import { planRoutes } from '../src/commands/plan-routes.ts'
import { straightMeters } from '../src/geo/distance.ts'
import { forgetTracks } from '../src/jobs/forget-tracks.ts'
import { instantOf, shiftWindows } from '../src/planning/shifts.ts'
import { services } from '../src/services.ts'
import { logistics } from '../src/subgraph.ts'

const subgraph = await testSubgraph(logistics, { seed: true })
const system = systemActor('test')
const zone = 'America/Los_Angeles'
/** Dana, Leo and Omar are on shift, Priya comes at noon. */
const mondayAtTen = new Date('2026-11-23T18:00:00Z')
const instant = (date: string, time: string): Date => instantOf(date, time, zone)
const [dana, leo, omar, jonas, mei] = ['501', '502', '504', '506', '505'].map((n) => `01990000-0000-7000-8000-000000000${n}`)

async function parcel({ patientId, addressId, adultSignature = false, coldChain = false, parcels = 1 }: Order): Promise<string> {
  const orderId = newId()
  await transact(subgraph.running.orm, (em) => createShipment(em, system, services(), { orderId, patientId, addressId, adultSignature, coldChain, parcels }))
  return (await row(orderId, 'order_id')).id
}
const row = async (id: string, key = 'id'): Promise<ShipmentRow & { estimated_delivery: Date }> => (await subgraph.sql<ShipmentRow & { estimated_delivery: Date }>(`select * from shipment where ${key} = $1`, [id]))[0]!
const plan = () => transact(subgraph.running.orm, (em) => planRoutes(em, system, services()))
const stopsOf = (routeId: string) => subgraph.sql<{ shipment_id: string; estimated_arrival: Date }>('select shipment_id, estimated_arrival from route_stop where route_id = $1 order by sequence', [routeId])
/** Every demo address served by the depot. */
const homesOf = async (depotId: string, count: number): Promise<Order[]> => {
  const { addresses } = demoData<{ addresses: { id: string; patientId: string; nearestPharmacyId: string }[] }>('places.json')
  return addresses.filter(({ nearestPharmacyId }) => nearestPharmacyId === depotId).slice(0, count).map(({ id, patientId }) => ({ addressId: id, patientId }))
}

afterEach(async () => {
  clock.reset()
  await subgraph.sql('truncate shipment, route, route_stop, route_position, transition')
})

test('parcels of one neighbourhood share a tour of the depot near them, in an order no longer than as they came', async () => {
  clock.set(mondayAtTen)
  const ids: string[] = []
  for (const home of await homesOf(depots.mission, 8)) ids.push(await parcel(home))
  await plan()
  const rows: Awaited<ReturnType<typeof row>>[] = []
  for (const id of ids) rows.push(await row(id))
  assert.deepEqual([...new Set(rows.map(({ status, depot_id: depot, driver_id: who }) => `${status} ${depot} ${who}`))], [`ASSIGNED ${depots.mission} ${dana}`])
  const [event] = await subgraph.emitted('logistics.route-planned.v1')
  const stops = await stopsOf(rows[0]!.route_id)
  assert.deepEqual([event?.driverId, event?.shipmentIds], [dana, stops.map(({ shipment_id: id }) => id)])

  const { route } = await subgraph.data(staff, `{ route(id: "${rows[0]!.route_id}") { date status distanceMeters polyline stops { sequence estimatedArrival shipment { destination { location { latitude longitude } } } } } }`)
  assert.deepEqual([route.date, route.status, route.stops.map(({ sequence }: { sequence: number }) => sequence)], ['2026-11-23', 'PLANNED', [1, 2, 3, 4, 5, 6, 7, 8]])
  assert.ok(route.polyline.length > 20)
  const depot = { latitude: 37.7573, longitude: -122.4188 }
  const points = route.stops.map((stop: { shipment: { destination: { location: typeof depot } } }) => stop.shipment.destination.location)
  const length = (way: (typeof depot)[]) => [depot, ...way].reduce((total, point, index) => total + straightMeters(point, [...way, depot][index]!), 0) * 1.3
  assert.ok(Math.abs(length(points) - route.distanceMeters) < 20, `${length(points)} m by hand`)
  const byOrder = ids.map((id) => points[stops.findIndex(({ shipment_id: other }) => other === id)])
  assert.ok(length(points) <= length(byOrder) + 1)

  const arrivals = route.stops.map(({ estimatedArrival }: { estimatedArrival: string }) => Date.parse(estimatedArrival))
  const firstLegMs = (straightMeters(depot, points[0]) * 1.3 / 25_000) * 3_600_000
  assert.ok(Math.abs(arrivals[0] - (mondayAtTen.getTime() + 10 * 60_000 + firstLegMs)) < 5_000, 'ten minutes to load, then 25 km/h')
  assert.ok(arrivals.every((at: number, index: number) => index === 0 || at - arrivals[index - 1] >= 4 * 60_000), 'time at each door')
  assert.deepEqual(rows.map(({ estimated_delivery: at }) => at.getTime()).sort(), arrivals.toSorted())
})

test('cold parcels go with a cold box, signature parcels with a driver who may carry them, and a full vehicle takes no more', async () => {
  clock.set(instant('2026-11-25', '15:00')) // Wednesday: Jonas, whose car has no cold box, serves Oakland alone
  await subgraph.sql("update driver set shifts = '[]' where id = any($1)", [[leo, omar]])
  const ids = { warm: await parcel(homes.telegraph), cold: await parcel({ ...homes.telegraph, coldChain: true }), big: await parcel({ ...homes.telegraph, parcels: 18 }) }
  await plan()
  assert.equal((await row(ids.warm)).driver_id, jonas)
  assert.deepEqual([(await row(ids.cold)).status, (await row(ids.big)).status], ['LABELLED', 'LABELLED'], 'no cold box, and 54 of 50 litres')
  const { shipment } = await subgraph.data(staff, `{ shipment(id: "${ids.cold}") { statusReason { code } } }`)
  assert.equal(shipment.statusReason.code, 'NO_TOUR')
  const week = JSON.stringify([{ days: ['MON', 'TUE', 'WED', 'THU', 'FRI'], start: '10:00', end: '18:00' }])
  await subgraph.sql('update driver set shifts = $2 where id = any($1)', [[leo, omar], week])
  await plan()
  for (const id of [ids.cold, ids.big]) assert.deepEqual([(await row(id)).driver_id, (await row(id)).reason_code], [leo, null])

  clock.set(instant('2026-11-29', '11:00')) // Sunday: Mei alone, who carries nothing controlled
  const [easy, strict] = [await parcel(homes.mission), await parcel({ ...homes.mission, adultSignature: true })]
  await plan()
  assert.equal((await row(easy)).driver_id, mei)
  assert.deepEqual([(await row(strict)).driver_id === mei, (await subgraph.sql<{ date: string }>('select date::text from route where id = $1', [(await row(strict)).route_id]))[0]?.date], [false, '2026-11-30'])
})

test('at night a parcel is planned for the next shift', async () => {
  clock.set(instant('2026-11-23', '23:30'))
  const id = await parcel(homes.mission)
  await plan()
  const { estimated_delivery: at, driver_id: who } = await row(id)
  assert.equal(who, dana)
  assert.equal(clock.dayOf(at), '2026-11-24')
  assert.ok(at > instant('2026-11-24', '08:00') && at < instant('2026-11-24', '09:00'))
})

test('S41 a planned route takes more parcels until its loading begins; a started one keeps its order', async () => {
  clock.set(mondayAtTen)
  const first = await parcel(homes.mission)
  await plan()
  const { route_id: routeId, driver_id: driverId, tracking_number: label } = await row(first)
  const second = await parcel(homes.clement)
  await plan()
  assert.equal((await row(second)).route_id, routeId)
  const who = driver(driverId)
  await pickUp(subgraph, who, first, label)
  const third = await parcel(homes.mission)
  await plan()
  assert.notEqual((await row(third)).route_id, routeId)
  await pickUp(subgraph, who, second, (await row(second)).tracking_number)
  assert.equal((await start(subgraph, who, routeId)).data.startRoute.route.status, 'STARTED')
  const order = await stopsOf(routeId)
  const fourth = await parcel(homes.clement)
  await plan()
  assert.deepEqual(await stopsOf(routeId), order)
  assert.equal((await row(fourth)).route_id, (await row(third)).route_id)
  assert.equal((await subgraph.data(who, '{ myRoute { id } }')).myRoute.id, routeId)
})

test('a shift that went by without a start gives its parcels back', async () => {
  clock.set(mondayAtTen)
  const id = await parcel(homes.mission)
  await plan()
  const { route_id: missed } = await row(id)
  clock.set(instant('2026-11-23', '21:00'))
  await transact(subgraph.running.orm, (em) => dissolveMissedRoutes(em, system))
  assert.deepEqual([(await row(id)).status, (await row(id)).route_id], ['LABELLED', null])
  await plan()
  assert.equal((await row(id)).status, 'ASSIGNED')
  assert.notEqual((await row(id)).route_id, missed)
  const { routes } = await subgraph.data(staff, '{ routes(date: "2026-11-23") { nodes { id status } } }')
  assert.deepEqual(routes.nodes, [{ id: missed, status: 'CANCELLED' }])
  // who is not of the staff is told so, a driver as well
  for (const role of ['driver', 'patient'] as const) assert.equal((await subgraph.graph(actorWith(role, { driverId: newId() }), '{ routes(date: "2026-11-23") { nodes { id } } }')).errors?.[0]?.extensions['code'], 'FORBIDDEN')
})

test('a stop done or failed times the rest anew from where the driver is', async () => {
  clock.set(mondayAtTen)
  const [near, far] = [await parcel(homes.mission), await parcel(homes.clement)]
  await plan()
  const { route_id: routeId, driver_id: driverId } = await row(near)
  const who = driver(driverId)
  for (const id of [near, far]) await pickUp(subgraph, who, id, (await row(id)).tracking_number)
  await start(subgraph, who, routeId)
  clock.advance(2 * 3_600_000)
  await moveTo(subgraph, who, routeId, homes.clement, clock.now())
  const before = (await row(far)).estimated_delivery
  await fail(subgraph, who, { shipmentId: near, reason: 'NO_ACCESS' })
  const late = (await row(far)).estimated_delivery
  assert.ok(late > before && Math.abs(late.getTime() - clock.now().getTime()) < 60_000, 'the driver stands before the door')
})

test('positions are told to each parcel under way once a second at most, and without the place', async () => {
  clock.set(mondayAtTen)
  const [one, two] = [await parcel(homes.mission), await parcel(homes.clement)]
  await plan()
  const { route_id: routeId, driver_id: driverId } = await row(one)
  const who = driver(driverId)
  const at = (seconds: number) => new Date(mondayAtTen.getTime() + seconds * 1000)
  assert.equal((await moveTo(subgraph, who, routeId, homes.mission, at(0))).errors?.[0]?.extensions['code'], 'ROUTE_NOT_STARTED')
  for (const id of [one, two]) await pickUp(subgraph, who, id, (await row(id)).tracking_number)
  await start(subgraph, who, routeId)
  const told = async () => (await subgraph.emitted('logistics.shipment-moved.v1')).filter((event) => event.routeId === routeId)
  for (let n = 0; n < 5; n++) await moveTo(subgraph, who, routeId, { latitude: 37.75 + n / 1000, longitude: -122.41 }, at(n / 10))
  assert.deepEqual((await told()).map(({ shipmentId }) => shipmentId).sort(), [one, two].sort())
  clock.advance(1_500)
  const { recordPosition } = (await moveTo(subgraph, who, routeId, { latitude: 37.76, longitude: -122.42 }, at(1.5))).data
  assert.equal((await told()).length, 4)
  // a late one goes into the track only
  const late = (await moveTo(subgraph, who, routeId, { latitude: 37.7, longitude: -122.4 }, at(0.05))).data.recordPosition
  assert.deepEqual(late.position, recordPosition.position)
  assert.equal((await subgraph.sql('select 1 from route_position where route_id = $1', [routeId])).length, 7)
  for (const [field, input] of Object.entries({ latitude: { latitude: 91, longitude: 0 }, longitude: { latitude: 0, longitude: -181 } })) {
    assert.equal((await moveTo(subgraph, who, routeId, input, at(2))).errors?.[0]?.extensions['field'], field)
  }
  assert.equal((await moveTo(subgraph, who, routeId, homes.mission, at(3600))).errors?.[0]?.extensions['field'], 'at')
  for (const event of await told()) assert.deepEqual(Object.keys(event).sort(), ['orderId', 'patientId', 'routeId', 'shipmentId'])
})

test('a hundred shipments by reference, with all they show, cost a bounded number of SQL statements', async () => {
  clock.set(mondayAtTen)
  const ids: string[] = []
  for (const home of [...(await homesOf(depots.mission, 20)), ...(await homesOf(depots.oakland, 20))]) ids.push(await parcel(home))
  await plan()
  const statements = await subgraph.countSql(async () => {
    const { _entities } = await subgraph.data(staff, `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Shipment { id status position { at } driver { displayName vehicle coldBox } route { status stops { sequence shipment { id } } }
      destination { line1 } history { to verb } proof { kind } order { shipment { id } trackingNumber } allowedActions } } }`, { r: ids.map((id) => ({ __typename: 'Shipment', id })) })
    assert.equal(_entities.filter((shipment: { destination: unknown } | null) => shipment?.destination).length, ids.length)
  })
  assert.ok(statements <= 12, `${statements} statements`)
})

test('shifts are found in local time, over the changes of the clocks', () => {
  const shift = [{ days: ['SUN' as const, 'MON' as const], start: '08:00', end: '16:00' }]
  const starts = (iso: string) => shiftWindows(shift, zone, new Date(iso)).map(({ date, start: at }) => `${date} ${at.toISOString()}`)
  assert.deepEqual(starts('2027-03-13T20:00:00Z').slice(0, 2), ['2027-03-14 2027-03-14T15:00:00.000Z', '2027-03-15 2027-03-15T15:00:00.000Z'])
  assert.deepEqual(starts('2026-10-31T20:00:00Z')[0], '2026-11-01 2026-11-01T16:00:00.000Z')
  assert.equal(starts('2026-11-02T23:59:59Z')[0], '2026-11-02 2026-11-02T16:00:00.000Z', 'still within the shift')
  assert.notEqual(starts('2026-11-03T00:00:00Z')[0], '2026-11-02 2026-11-02T16:00:00.000Z', 'over')
})

test('a driver\'s track is forgotten after a month', async () => {
  await subgraph.sql("insert into route_position (route_id, latitude, longitude, at) select gen_random_uuid(), 1, 1, now() - n * interval '1 day' from generate_series(28, 32) n")
  await transact(subgraph.running.orm, (em) => forgetTracks.run(em, system))
  assert.equal((await subgraph.sql('select 1 from route_position')).length, 2)
})

test('seeding again adds nothing', async () => {
  const { seed } = await import('../src/seed.ts')
  const count = () => subgraph.sql('select (select count(*) from address) a, (select count(*) from depot) b, (select count(*) from driver) c, (select count(*) from vehicle) d, (select count(*) from outbox) e')
  const before = await count()
  await seed({ services: services(), transact: (work) => transact(subgraph.running.orm, work) })
  assert.deepEqual(await count(), before)
})
