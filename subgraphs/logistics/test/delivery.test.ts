import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId } from '@pharmagraph/platform'
import { actorWith, eventually, testSubgraph } from '../../../tests/environment.ts'
import { assigned, deliver, depots, driver, fail, homes, moveTo, orderPaid, patientOf, pickUp, shipmentOf, staff, start } from './support.ts'
import { logistics } from '../src/subgraph.ts'
import { isTrackingNumber } from '../src/tracking-number.ts'

const subgraph = await testSubgraph(logistics, { background: true, seed: true })
const depotPoint = { latitude: 37.7573, longitude: -122.4188 }

const statuses = async (shipmentId: string) =>
  (await subgraph.emitted('logistics.shipment-status-changed.v1')).filter((event) => event.shipmentId === shipmentId).map(({ to }) => to)

test('S21 S67 a paid order goes all the way: labelled, assigned, picked up, out, followed by its patient, delivered with proof', async () => {
  const [parcel] = await assigned(subgraph, [homes.mission])
  const { id: shipmentId, route_id: routeId, driver_id: driverId, tracking_number: label } = parcel!
  assert.ok(isTrackingNumber(label), label)
  assert.equal(parcel!.depot_id, depots.mission)
  const [who, patient] = [driver(driverId), patientOf(homes.mission)]

  const { myRoute } = await subgraph.data(who, '{ myRoute { id date status distanceMeters polyline stops { sequence done estimatedArrival shipment { id destination { line1 recipient location { latitude } } allowedActions } } driver { displayName vehicle } } }')
  assert.equal(myRoute.id, routeId)
  assert.deepEqual(myRoute.stops[0].shipment, { id: shipmentId, destination: { line1: '3100 24th Street', recipient: 'Maria Alvarez', location: { latitude: 37.7525 } }, allowedActions: ['pickUp'] })
  assert.match(myRoute.driver.displayName, /^\w+ \w\.$/)

  assert.equal((await pickUp(subgraph, who, shipmentId, 'PG00000000000')).data.pickUpShipment.field, 'scannedLabel')
  assert.equal((await start(subgraph, who, routeId)).data.startRoute.code, 'PARCELS_NOT_PICKED_UP')
  assert.equal((await pickUp(subgraph, who, shipmentId, ` ${label.toLowerCase()} `)).data.pickUpShipment.shipment.status, 'PICKED_UP')
  assert.equal((await start(subgraph, who, routeId)).data.startRoute.route.status, 'STARTED')

  await moveTo(subgraph, who, routeId, depotPoint)
  const look = '{ shipment(id: "%") { status estimatedDelivery position { location { latitude longitude } speedKmh } driver { displayName } route { stops { sequence } polyline position { at } } order { id } requirements { adultSignature } proof { kind } } }'.replace('%', shipmentId)
  const { shipment } = await subgraph.data(patient, look)
  assert.deepEqual(shipment.position, { location: depotPoint, speedKmh: 20 })
  assert.deepEqual([shipment.status, shipment.order.id, shipment.route.stops.length, shipment.route.polyline], ['OUT_FOR_DELIVERY', parcel!.order_id, 1, null])

  const far = await deliver(subgraph, who, { shipmentId, ...depotPoint })
  assert.deepEqual(far.data.recordDelivery.missing, ['AT_DESTINATION'])
  const done = await deliver(subgraph, who, { shipmentId, receivedBy: 'Maria', latitude: 37.7526, longitude: -122.4151, evidenceHash: 'A'.repeat(64) })
  assert.deepEqual(done.data.recordDelivery.shipment.proof, { kind: 'PHOTO', receivedBy: 'Maria', idChecked: false, location: { latitude: 37.7526 }, evidenceHash: 'a'.repeat(64) })
  const after = (await subgraph.data(patient, look)).shipment
  assert.deepEqual([after.status, after.position, after.proof], ['DELIVERED', null, { kind: 'PHOTO' }])
  assert.deepEqual(await statuses(shipmentId), ['CREATED', 'LABELLED', 'ASSIGNED', 'PICKED_UP', 'OUT_FOR_DELIVERY', 'DELIVERED'])
  assert.equal((await subgraph.data(who, '{ myRoute { id } }')).myRoute?.id === routeId, false)
  assert.equal((await subgraph.data(staff, `{ route(id: "${routeId}") { status } }`)).route.status, 'COMPLETED')
  assert.equal((await subgraph.data(who, look)).shipment.status, 'DELIVERED')
  assert.equal((await subgraph.data(who, `{ shipment(id: "${shipmentId}") { destination { line1 } } }`)).shipment.destination, null)
})

test('an order paid twice, or told twice, has one shipment; one for an address not known yet waits for it', async () => {
  const orderId = await orderPaid(subgraph, homes.clement)
  await shipmentOf(subgraph, orderId, 'ASSIGNED')
  const { patientId, addressId } = homes.clement
  const again = await subgraph.publish('orders.order-paid.v1', orderId, { orderId, patientId, addressId, adultSignature: false, coldChain: false, parcels: 1 })
  await eventually(async () => (await subgraph.sql('select 1 from inbox where event_id = $1', [again])).length)
  assert.equal((await subgraph.sql('select 1 from shipment where order_id = $1', [orderId])).length, 1)

  const early = { patientId, addressId: newId() }
  const waiting = await orderPaid(subgraph, early)
  await subgraph.sql("insert into address (id, patient_id, sealed, state, country, deliverability, created_at) select $1, patient_id, sealed, state, country, deliverability, now() from address where id = $2", [early.addressId, addressId])
  await shipmentOf(subgraph, waiting, 'ASSIGNED')
})

test('a parcel that needs an adult\'s signature is handed over with signature, checked ID and a name only', async () => {
  const [parcel] = await assigned(subgraph, [{ ...homes.telegraph, adultSignature: true }])
  const { id: shipmentId, route_id: routeId } = parcel!
  const who = driver(parcel!.driver_id)
  const at = { latitude: homes.telegraph.latitude, longitude: homes.telegraph.longitude }
  assert.deepEqual((await deliver(subgraph, who, { shipmentId, ...at })).data.recordDelivery.code, 'TRANSITION_REFUSED')
  for (const { id, tracking_number: label } of await subgraph.sql<{ id: string; tracking_number: string }>('select id, tracking_number from shipment where route_id = $1', [routeId])) await pickUp(subgraph, who, id, label)
  await start(subgraph, who, routeId)
  const missing = async (input: object) => (await deliver(subgraph, who, { shipmentId, ...at, ...input })).data.recordDelivery.missing
  assert.deepEqual(await missing({}), ['SIGNATURE', 'ID_CHECKED', 'RECEIVED_BY'])
  assert.deepEqual(await missing({ kind: 'SIGNATURE', idChecked: true, receivedBy: ' ' }), ['RECEIVED_BY'])
  const done = await deliver(subgraph, who, { shipmentId, ...at, kind: 'SIGNATURE', idChecked: true, receivedBy: 'Aisha Okafor' })
  assert.equal(done.data.recordDelivery.shipment.status, 'DELIVERED')
  for (const table of ['shipment', 'address', 'outbox', 'transition']) {
    assert.deepEqual(await subgraph.sql(`select * from ${table} t where t::text ~* 'aisha|telegraph|94609|37\\.8355'`), [], table)
  }
})

test('after two failed attempts a signature parcel goes back; another comes to another tour', async () => {
  const at = { latitude: homes.telegraph.latitude, longitude: homes.telegraph.longitude }
  const oakland = { latitude: 37.8085, longitude: -122.269 }
  const [strict, easy] = await assigned(subgraph, [{ ...homes.telegraph, adultSignature: true }, homes.telegraph])
  for (const round of [1, 2]) {
    const rows = await Promise.all([strict!, easy!].map(({ order_id: orderId }) => shipmentOf(subgraph, orderId, 'ASSIGNED')))
    for (const { driver_id: driverId, route_id: routeId } of rows) {
      const who = driver(driverId)
      for (const { id, tracking_number: label } of await subgraph.sql<{ id: string; tracking_number: string }>("select id, tracking_number from shipment where route_id = $1 and status = 'ASSIGNED'", [routeId])) await pickUp(subgraph, who, id, label)
      await start(subgraph, who, routeId)
    }
    for (const { id, driver_id: driverId } of rows) {
      const answer = (await fail(subgraph, driver(driverId), { shipmentId: id, note: 'Dog at the gate' })).data.recordFailedAttempt.shipment
      assert.deepEqual(answer, { status: round === 2 && id === strict!.id ? 'RETURNING' : 'ATTEMPT_FAILED', attempts: round, statusReason: { code: 'NOBODY_HOME', message: 'Nobody was there to take the parcel.' } })
    }
    // other stops of the route are delivered, so that it completes; then the driver comes home
    for (const { route_id: routeId, driver_id: driverId } of rows) {
      await moveTo(subgraph, driver(driverId), routeId, at)
      await moveTo(subgraph, driver(driverId), routeId, oakland)
    }
  }
  await shipmentOf(subgraph, strict!.order_id, 'RETURNED')
  await shipmentOf(subgraph, easy!.order_id, 'ASSIGNED')
  assert.deepEqual((await statuses(strict!.id)).slice(-4), ['OUT_FOR_DELIVERY', 'ATTEMPT_FAILED', 'RETURNING', 'RETURNED'])
  assert.deepEqual(await subgraph.sql("select * from delivery_attempt t where t::text ~* 'dog'"), [])
})

test('to strangers a shipment, a route and an address are not there', async () => {
  const [parcel] = await assigned(subgraph, [homes.clement])
  const { id, route_id: routeId, tracking_number: label, order_id: orderId } = parcel!
  const read = (who: Parameters<typeof subgraph.data>[0]) => subgraph.data(who, `query ($r: [_Any!]!) { shipment(id: "${id}") { id } byTracking: shipmentByTracking(trackingNumber: "${label}") { id } route(id: "${routeId}") { id }
    _entities(representations: $r) { ... on Shipment { id } ... on Address { id } ... on Order { shipment { id } trackingNumber } ... on Patient { addresses { id } } ... on Route { id } } }`, {
    r: [{ __typename: 'Shipment', id }, { __typename: 'Address', id: homes.clement.addressId }, { __typename: 'Order', id: orderId }, { __typename: 'Patient', id: homes.clement.patientId }, { __typename: 'Route', id: routeId }],
  })
  const strangers = [patientOf(homes.telegraph), actorWith('patient'), driver(newId()), actorWith('driver'), actorWith('prescriber'), actorWith('partner'), actorWith('caregiver', { patientId: homes.clement.patientId })]
  await Promise.all(strangers.map(async (who) => {
    assert.deepEqual(await read(who), { shipment: null, byTracking: null, route: null, _entities: [null, null, { shipment: null, trackingNumber: null }, { addresses: [] }, null] }, who.roles[0])
    assert.equal((await pickUp(subgraph, who, id, label)).errors?.[0]?.extensions['code'], 'NOT_FOUND')
    assert.equal((await start(subgraph, who, routeId)).errors?.[0]?.extensions['code'], 'NOT_FOUND')
    assert.equal((await moveTo(subgraph, who, routeId, depotPoint)).errors?.[0]?.extensions['code'], 'NOT_FOUND')
  }))
  const own = await read(patientOf(homes.clement))
  assert.deepEqual([own.shipment, own.byTracking, own.route], [{ id }, { id }, null])
  assert.deepEqual(own._entities.slice(0, 3), [{ id }, { id: homes.clement.addressId }, { shipment: { id }, trackingNumber: label }])
  assert.ok(own._entities[3].addresses.length >= 1)
  const byDriver = await read(driver(parcel!.driver_id))
  assert.deepEqual([byDriver.shipment, byDriver.route, byDriver._entities[1], byDriver._entities[3]], [{ id }, { id: routeId }, { id: homes.clement.addressId }, { addresses: [] }])
  assert.equal((await pickUp(subgraph, staff, id, label)).errors?.[0]?.extensions['code'], 'FORBIDDEN')
})

test('an order cancelled before pick-up takes its parcel off the route', async () => {
  const [parcel] = await assigned(subgraph, [homes.mission])
  await subgraph.publish('orders.order-cancelled.v1', parcel!.order_id, { orderId: parcel!.order_id, patientId: homes.mission.patientId, reasonCode: 'PATIENT_REQUEST' })
  const row = await shipmentOf(subgraph, parcel!.order_id, 'CANCELLED')
  assert.deepEqual([row.route_id, row.driver_id, row.reason_code], [null, null, 'PATIENT_REQUEST'])
  assert.deepEqual(await subgraph.sql('select 1 from route_stop where shipment_id = $1', [parcel!.id]), [])
})

const cancelled = (orderId: string, patientId: string) =>
  subgraph.publish('orders.order-cancelled.v1', orderId, { orderId, patientId, reasonCode: 'STAFF_DECIDED' })
const handled = (eventId: string) => eventually(async () => (await subgraph.sql('select 1 from inbox where event_id = $1', [eventId])).length, { what: 'the event handled' })
/** Everything on the route into the van. */
const load = async (routeId: string, who: Parameters<typeof pickUp>[1]) => {
  for (const { id, tracking_number: label } of await subgraph.sql<{ id: string; tracking_number: string }>("select id, tracking_number from shipment where route_id = $1 and status = 'ASSIGNED'", [routeId])) await pickUp(subgraph, who, id, label)
}

test('S18 an order cancelled while its parcel is under way calls the parcel back: no stop at the door, and into the pharmacy\'s hands at the depot', async () => {
  const [parcel, other] = await assigned(subgraph, [homes.mission, homes.mission])
  const who = driver(parcel!.driver_id)
  assert.equal(other!.route_id, parcel!.route_id)
  await load(parcel!.route_id, who)
  await start(subgraph, who, parcel!.route_id)
  await moveTo(subgraph, who, parcel!.route_id, depotPoint)
  await cancelled(parcel!.order_id, homes.mission.patientId)
  const back = await shipmentOf(subgraph, parcel!.order_id, 'RETURNING')
  assert.deepEqual([back.route_id, back.reason_code], [parcel!.route_id, 'STAFF_DECIDED'])
  assert.equal((await deliver(subgraph, who, { shipmentId: parcel!.id, latitude: homes.mission.latitude, longitude: homes.mission.longitude })).data.recordDelivery.code, 'TRANSITION_REFUSED')
  await handled(await cancelled(parcel!.order_id, homes.mission.patientId))
  await cancelled(other!.order_id, homes.mission.patientId)
  await shipmentOf(subgraph, other!.order_id, 'RETURNING')
  for (const { id } of await subgraph.sql<{ id: string }>("select id from shipment where route_id = $1 and status = 'OUT_FOR_DELIVERY'", [parcel!.route_id])) await fail(subgraph, who, { shipmentId: id, reason: 'REFUSED' })
  await moveTo(subgraph, who, parcel!.route_id, depotPoint)
  await shipmentOf(subgraph, parcel!.order_id, 'RETURNED')
  assert.deepEqual(await statuses(parcel!.id), ['CREATED', 'LABELLED', 'ASSIGNED', 'PICKED_UP', 'OUT_FOR_DELIVERY', 'RETURNING', 'RETURNED'])
})

test('S18 a parcel called back out of the loaded van is not driven anywhere, and the route starts without it', async () => {
  const [parcel, other] = await assigned(subgraph, [homes.mission, homes.mission])
  const who = driver(parcel!.driver_id)
  await load(parcel!.route_id, who)
  await cancelled(parcel!.order_id, homes.mission.patientId)
  await shipmentOf(subgraph, parcel!.order_id, 'RETURNING')
  assert.equal((await start(subgraph, who, parcel!.route_id)).data.startRoute.route.status, 'STARTED')
  await shipmentOf(subgraph, other!.order_id, 'OUT_FOR_DELIVERY')
  await shipmentOf(subgraph, parcel!.order_id, 'RETURNING')
})

test('S18 an order cancelled before anything was told of its parcel gets none, however often it is told paid', async () => {
  const { patientId, addressId } = homes.mission
  const orderId = newId()
  await handled(await cancelled(orderId, patientId))
  await handled(await cancelled(orderId, patientId))
  for (const _ of [1, 2]) await handled(await subgraph.publish('orders.order-paid.v1', orderId, { orderId, patientId, addressId, adultSignature: false, coldChain: false, parcels: 1 }))
  assert.deepEqual(await subgraph.sql('select 1 from shipment where order_id = $1', [orderId]), [])
})
