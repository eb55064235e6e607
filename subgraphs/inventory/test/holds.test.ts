import { test } from 'node:test'
import assert from 'node:assert/strict'
import { apply, clock, newId, transact, type AppError, type EventMap, type EventType, type Role } from '@pharmagraph/platform'
import { actorWith, eventually, testSubgraph } from '../../../tests/environment.ts'
import { expireHolds } from '../src/commands/release-stock.ts'
import { Reservation, reservationStatuses } from '../src/entities/reservation.ts'
import { reservationLifecycle } from '../src/lifecycles/reservation.ts'
import { inventory } from '../src/subgraph.ts'
import { inDays, keeper, requestFor, stockedShelf, system, type StockRequest } from './shelf.ts'

const subgraph = await testSubgraph(inventory, { background: true })
const shelf = await stockedShelf(subgraph)
const staff = actorWith('pharmacist')

const about = async <Type extends EventType>(type: Type, orderId: string): Promise<EventMap[Type][]> =>
  (await subgraph.emitted(type)).filter((data) => 'orderId' in data && data.orderId === orderId)

/** Publishes the request and answers the hold. */
async function held(request: StockRequest) {
  await subgraph.publish('orders.stock-requested.v1', request.orderId, request)
  return eventually(async () => (await about('inventory.stock-held.v1', request.orderId)).at(-1), { what: 'stock-held' })
}
async function refused(request: StockRequest) {
  await subgraph.publish('orders.stock-requested.v1', request.orderId, request)
  return eventually(async () => (await about('inventory.stock-refused.v1', request.orderId)).at(-1), { what: 'stock-refused' })
}
const fillReleased = (request: StockRequest, line: number, lots: { lotId: string; lotNumber: string; quantity: number }[]): EventMap['prescriptions.fill-released.v1'] => ({
  fillId: newId(), prescriptionId: newId(), orderId: request.orderId, orderLineId: request.lines[line]!.orderLineId, patientId: newId(),
  drugId: request.lines[line]!.drugId, deaSchedule: 'NONE', releasedBy: newId(), recordHash: 'hash',
  lots: lots.map(({ lotId, lotNumber, quantity }) => ({ lotId, lotNumber, quantity })),
})
const statusOf = async ({ orderId }: StockRequest): Promise<string[]> =>
  (await subgraph.sql<{ status: string }>('select status from reservation where order_id = $1 order by id', [orderId])).map(({ status }) => status)
const cancel = (orderId: string) => subgraph.publish('orders.order-cancelled.v1', orderId, { orderId, patientId: newId(), reasonCode: 'PATIENT_CANCELLED' })

test('an order is held from the lot that expires first, and the hold names lot, NDC and expiry', async () => {
  const drug = await shelf.drug()
  const [late, early] = await shelf.stock(drug, { quantity: 100, expires: inDays(500) }, { quantity: 100, expires: inDays(200) })
  const request = requestFor([drug, 30])
  const { lines, expiresAt } = await held(request)
  assert.deepEqual(lines.map(({ orderLineId, drugId }) => ({ orderLineId, drugId })), [{ orderLineId: request.lines[0]!.orderLineId, drugId: drug }])
  assert.deepEqual(lines[0]!.allocations.map(({ lotId, quantity, ndc, expiryDate, locationId }) => ({ lotId, quantity, ndc, expiryDate, locationId })), [
    { lotId: early, quantity: 30, ndc: '0591-0369-01', expiryDate: inDays(200), locationId: shelf.here },
  ])
  assert.ok(new Date(expiresAt).getTime() - Date.now() > 6.9 * 86_400_000)
  assert.deepEqual(await shelf.balances(late!, early!), [{ onHand: 100, reserved: 0 }, { onHand: 100, reserved: 30 }])
})

test('a released fill takes its units off the books, the order the rest of them, and each only once', async () => {
  const [rx, otc] = [await shelf.drug(), await shelf.drug()]
  const [rxLot] = await shelf.stock(rx, { quantity: 100, expires: inDays(300) })
  const [otcLot] = await shelf.stock(otc, { quantity: 10, expires: inDays(300) })
  const request = requestFor([rx, 30], [otc, 2, null])
  const { lines } = await held(request)
  const released = fillReleased(request, 0, lines[0]!.allocations)
  const eventId = newId()
  await subgraph.publish('prescriptions.fill-released.v1', released.fillId, released, eventId)
  await eventually(async () => (await about('inventory.stock-committed.v1', request.orderId)).length === 1)
  assert.deepEqual(await shelf.balances(rxLot!, otcLot!), [{ onHand: 70, reserved: 0 }, { onHand: 10, reserved: 2 }])

  await subgraph.republish('prescriptions.fill-released.v1', released.fillId, released, eventId)
  await subgraph.publish('prescriptions.fill-released.v1', released.fillId, released)
  await subgraph.publish('orders.order-released.v1', request.orderId, { orderId: request.orderId, patientId: newId(), orderLineIds: request.lines.map((line) => line.orderLineId) })
  await subgraph.publish('orders.order-released.v1', request.orderId, { orderId: request.orderId, patientId: newId(), orderLineIds: request.lines.map((line) => line.orderLineId) })
  await eventually(async () => (await statusOf(request)).every((status) => status === 'COMMITTED'))
  await settled(request.orderId)
  assert.deepEqual(await shelf.balances(rxLot!, otcLot!), [{ onHand: 70, reserved: 0 }, { onHand: 8, reserved: 0 }])
  assert.equal((await about('inventory.stock-committed.v1', request.orderId)).length, 2)
})

test('a cancelled order gives its units back, and a cancellation that comes twice gives them back once', async () => {
  const drug = await shelf.drug()
  const [lot] = await shelf.stock(drug, { quantity: 50, expires: inDays(300) })
  const request = requestFor([drug, 20])
  await held(request)
  await cancel(request.orderId)
  await cancel(request.orderId)
  await eventually(async () => (await about('inventory.hold-released.v1', request.orderId)).length > 0)
  await settled(request.orderId)
  assert.deepEqual((await about('inventory.hold-released.v1', request.orderId)).map(({ reason }) => reason), ['CANCELLED'])
  assert.deepEqual(await shelf.balances(lot!), [{ onHand: 50, reserved: 0 }])
})

test('an order released in parts takes only the lines named off the books; the rest stay held until their own part, and a line left out is given back', async () => {
  const [otc, late, never] = [await shelf.drug(), await shelf.drug(), await shelf.drug()]
  const [otcLot] = await shelf.stock(otc, { quantity: 10, expires: inDays(300) })
  const [lateLot] = await shelf.stock(late, { quantity: 10, expires: inDays(300) })
  const [neverLot] = await shelf.stock(never, { quantity: 10, expires: inDays(300) })
  const request = requestFor([otc, 2, null], [late, 3, null], [never, 4, null])
  await held(request)
  const { orderId, lines: [first, second, third] } = request as StockRequest & { lines: [{ orderLineId: string }, { orderLineId: string }, { orderLineId: string }] }
  const patientId = newId()
  const release = (...orderLineIds: string[]) => subgraph.publish('orders.order-released.v1', orderId, { orderId, patientId, orderLineIds })
  await release(first.orderLineId)
  await eventually(async () => (await about('inventory.stock-committed.v1', orderId)).length === 1)
  assert.deepEqual(await shelf.balances(otcLot!, lateLot!, neverLot!), [{ onHand: 8, reserved: 0 }, { onHand: 10, reserved: 3 }, { onHand: 10, reserved: 4 }])

  await subgraph.publish('orders.line-cancelled.v1', orderId, { orderId, orderLineId: third.orderLineId, prescriptionId: null, reasonCode: 'PATIENT_ASKED' })
  await release(second.orderLineId)
  await release(first.orderLineId, second.orderLineId)
  await subgraph.publish('orders.stock-requested.v1', orderId, request)
  await eventually(async () => (await about('inventory.stock-held.v1', orderId)).length === 2)
  assert.deepEqual(await shelf.balances(otcLot!, lateLot!, neverLot!), [{ onHand: 8, reserved: 0 }, { onHand: 7, reserved: 0 }, { onHand: 10, reserved: 0 }])
  assert.deepEqual((await about('inventory.hold-released.v1', orderId)).map(({ orderLineId }) => orderLineId), [third.orderLineId])
})

test('a line left out before its order asks for stock is not held with the others', async () => {
  const [wanted, off] = [await shelf.drug(), await shelf.drug()]
  await shelf.stock(wanted, { quantity: 10, expires: inDays(300) })
  const [offLot] = await shelf.stock(off, { quantity: 10, expires: inDays(300) })
  const request = requestFor([wanted, 2, null], [off, 3, null])
  await subgraph.publish('orders.line-cancelled.v1', request.orderId, { orderId: request.orderId, orderLineId: request.lines[1]!.orderLineId, prescriptionId: null, reasonCode: 'PATIENT_ASKED' })
  const { lines } = await held(request)
  assert.deepEqual(lines.map(({ drugId }) => drugId), [wanted])
  assert.deepEqual(await shelf.balances(offLot!), [{ onHand: 10, reserved: 0 }])
})

test('what was packed for an order that is cancelled comes back through quarantine, whichever of release and cancellation comes first', async () => {
  const drug = await shelf.drug()
  const [lot] = await shelf.stock(drug, { quantity: 50, expires: inDays(300) })
  const [packed, late] = [requestFor([drug, 20]), requestFor([drug, 20])]
  for (const request of [packed, late]) await held(request)
  const release = (request: StockRequest) => {
    const released = fillReleased(request, 0, [{ lotId: lot!, lotNumber: 'B0', quantity: 20 }])
    return subgraph.publish('prescriptions.fill-released.v1', released.fillId, released)
  }
  await release(packed)
  await eventually(async () => (await statusOf(packed))[0] === 'COMMITTED')
  assert.deepEqual(await shelf.balances(lot!), [{ onHand: 30, reserved: 20 }])
  await cancel(packed.orderId)
  await cancel(late.orderId)
  await eventually(async () => [...(await statusOf(packed)), ...(await statusOf(late))].every((status) => status === 'RELEASED'))
  const last = await release(late)
  await eventually(async () => (await subgraph.sql('select 1 from inbox where event_id = $1', [last])).length)
  assert.deepEqual(await shelf.balances(lot!), [{ onHand: 30, reserved: 0 }])
  const back = await subgraph.sql(`select status, origin, quantity_on_hand::int as units from lot where drug_id = $1 and id <> $2`, [drug, lot])
  assert.deepEqual(back, [{ status: 'QUARANTINE', origin: 'RETURN', units: 20 }])
})

test('S85 200 requests at once for 50 units are all answered: 50 held, 150 refused', async () => {
  const drug = await shelf.drug()
  const [lot] = await shelf.stock(drug, { quantity: 50, expires: inDays(300) })
  const requests = Array.from({ length: 200 }, () => requestFor([drug, 1]))
  await Promise.all(requests.map((request) => subgraph.publish('orders.stock-requested.v1', request.orderId, request)))
  const ours = new Set(requests.map(({ orderId }) => orderId))
  const answers = async (type: 'inventory.stock-held.v1' | 'inventory.stock-refused.v1') => (await subgraph.emitted(type)).filter(({ orderId }) => ours.has(orderId)).length
  const [heldOrders, refusedOrders] = await eventually(async () => {
    const counts = [await answers('inventory.stock-held.v1'), await answers('inventory.stock-refused.v1')]
    return counts[0]! + counts[1]! === 200 && counts
  }, { within: 20_000 })
  assert.deepEqual([heldOrders, refusedOrders], [50, 150])
  assert.deepEqual(await shelf.balances(lot!), [{ onHand: 50, reserved: 50 }])
})

test('a request that comes after its cancellation holds nothing and gets no answer', async () => {
  const drug = await shelf.drug()
  const [lot] = await shelf.stock(drug, { quantity: 50, expires: inDays(300) })
  const request = requestFor([drug, 20])
  await cancel(request.orderId)
  await subgraph.publish('orders.stock-requested.v1', request.orderId, request)
  await settled(request.orderId)
  assert.deepEqual(await shelf.balances(lot!), [{ onHand: 50, reserved: 0 }])
  assert.deepEqual(await about('inventory.stock-held.v1', request.orderId), [])
})

test('a request repeated under the same event id holds once, under a new one it is answered with the same hold', async () => {
  const drug = await shelf.drug()
  const [lot] = await shelf.stock(drug, { quantity: 50, expires: inDays(300) })
  const request = requestFor([drug, 20])
  const eventId = await subgraph.publish('orders.stock-requested.v1', request.orderId, request)
  await subgraph.republish('orders.stock-requested.v1', request.orderId, request, eventId)
  await subgraph.publish('orders.stock-requested.v1', request.orderId, request)
  await settled(request.orderId)
  const [first, again, ...more] = await about('inventory.stock-held.v1', request.orderId)
  assert.deepEqual(again, first)
  assert.deepEqual(more, [])
  assert.deepEqual(await shelf.balances(lot!), [{ onHand: 50, reserved: 20 }])
})

test('a release that comes before the hold it commits waits for it', async () => {
  const drug = await shelf.drug()
  const [lot] = await shelf.stock(drug, { quantity: 50, expires: inDays(300) })
  const request = requestFor([drug, 20])
  const released = fillReleased(request, 0, [{ lotId: lot!, lotNumber: 'B0', quantity: 20 }])
  await subgraph.publish('prescriptions.fill-released.v1', released.fillId, released)
  await held(request)
  await eventually(async () => (await statusOf(request))[0] === 'COMMITTED')
  assert.deepEqual(await shelf.balances(lot!), [{ onHand: 30, reserved: 0 }])
})

test('what the pharmacist scanned counts: units from another lot leave that lot, and what was held is free again', async () => {
  const drug = await shelf.drug()
  const [heldLot, scannedLot] = await shelf.stock(drug, { quantity: 50, expires: inDays(200) }, { quantity: 50, expires: inDays(400) })
  const request = requestFor([drug, 20])
  await held(request)
  const released = fillReleased(request, 0, [{ lotId: heldLot!, lotNumber: 'B0', quantity: 5 }, { lotId: scannedLot!, lotNumber: 'B1', quantity: 10 }])
  await subgraph.publish('prescriptions.fill-released.v1', released.fillId, released)
  const committed = await eventually(async () => (await about('inventory.stock-committed.v1', request.orderId))[0])
  assert.equal(committed.quantity, 15)
  assert.deepEqual(await shelf.balances(heldLot!, scannedLot!), [{ onHand: 45, reserved: 0 }, { onHand: 40, reserved: 0 }])
})

test('an order that cannot be held whole is refused whole, and every short line says what there is', async () => {
  const [plenty, little, none] = [await shelf.drug(), await shelf.drug(), await shelf.drug()]
  const [plentyLot] = await shelf.stock(plenty, { quantity: 100, expires: inDays(300) })
  await shelf.stock(little, { quantity: 12, expires: inDays(300) })
  const request = requestFor([plenty, 30], [little, 30], [none, 1])
  const { short } = await refused(request)
  assert.deepEqual(short, [
    { orderLineId: request.lines[1]!.orderLineId, drugId: little, requested: 30, available: 12 },
    { orderLineId: request.lines[2]!.orderLineId, drugId: none, requested: 1, available: 0 },
  ])
  assert.deepEqual(await shelf.balances(plentyLot!), [{ onHand: 100, reserved: 0 }])

  await shelf.stock(little, { quantity: 30, expires: inDays(300) })
  await shelf.stock(none, { quantity: 1, expires: inDays(300) })
  assert.equal((await held(request)).lines.length, 3, 'asked again once there is stock, it is held')
})

test('units must outlast the shipping day, the supply and the minimum dating; without a stated supply, a month of it', async () => {
  const drug = await shelf.drug()
  const soon = inDays(1 + 90 + 30 - 1)
  await shelf.stock(drug, { quantity: 100, expires: soon })
  assert.equal((await refused(requestFor([drug, 10, 90]))).short[0]!.available, 0)
  await held(requestFor([drug, 10, 89]))
  await held(requestFor([drug, 10, null]))

  const shorter = await shelf.drug()
  await shelf.stock(shorter, { quantity: 100, expires: inDays(1 + 30 + 30 - 1) })
  assert.equal((await refused(requestFor([shorter, 10, null]))).short[0]!.available, 0)
})

test('a hold runs out after its time, is told, and a later request holds anew under the same reservation', async () => {
  const drug = await shelf.drug()
  const [lot] = await shelf.stock(drug, { quantity: 50, expires: inDays(300) })
  const request = requestFor([drug, 20])
  const first = await held(request)
  clock.advance(7 * 86_400_000 + 60_000)
  try {
    await transact(subgraph.running.orm, (em) => expireHolds(em, system))
    assert.deepEqual((await about('inventory.hold-released.v1', request.orderId)).map(({ reason }) => reason), ['EXPIRED'])
    assert.deepEqual(await shelf.balances(lot!), [{ onHand: 50, reserved: 0 }])
    await subgraph.publish('orders.stock-requested.v1', request.orderId, request)
    const again = await eventually(async () => (await about('inventory.stock-held.v1', request.orderId))[1])
    assert.equal(again.lines[0]!.reservationId, first.lines[0]!.reservationId)
    assert.deepEqual(await shelf.balances(lot!), [{ onHand: 50, reserved: 20 }])
  } finally {
    clock.reset()
  }
})

test('a hold is moved by the system only, and only along its lifecycle', async () => {
  const drug = await shelf.drug()
  await shelf.stock(drug, { quantity: 50, expires: inDays(300) })
  const request = requestFor([drug, 20])
  await held(request)
  const roles: Role[] = ['patient', 'prescriber', 'technician', 'pharmacist', 'pharmacist-in-charge', 'inventory', 'driver', 'support', 'compliance', 'partner', 'system']
  const undo = new Error('undo')
  for (const status of reservationStatuses) {
    for (const verb of ['commit', 'release', 'expire', 'holdAgain', 'returnToStock']) {
      for (const role of roles) {
        const step = reservationLifecycle.table[status][verb]
        const expected = step ? (role === 'system' ? step.next : 'FORBIDDEN') : 'TRANSITION_REFUSED'
        let seen = ''
        await subgraph.running.orm.em.fork().transactional(async (em) => {
          const reservation = await em.findOneOrFail(Reservation, { orderId: request.orderId })
          reservation.status = status
          try {
            apply(em, actorWith(role), reservationLifecycle, reservation, verb)
            seen = reservation.status
          } catch (error) {
            seen = (error as AppError).code
          }
          throw undo
        }).catch((error: unknown) => {
          if (error !== undo) throw error
        })
        assert.equal(seen, expected, `${status} ${verb} by ${role}`)
      }
    }
  }
})

test('a released fill that never left the house comes back once, into quarantine, and may be sold after somebody has looked', async () => {
  const drug = await shelf.drug()
  const [lot] = await shelf.stock(drug, { quantity: 50, expires: inDays(300) })
  const request = requestFor([drug, 20])
  await held(request)
  const released = fillReleased(request, 0, [{ lotId: lot!, lotNumber: 'B0', quantity: 20 }])
  await subgraph.publish('prescriptions.fill-released.v1', released.fillId, released)
  await eventually(async () => (await statusOf(request))[0] === 'COMMITTED')
  const { fillId, prescriptionId, orderId, orderLineId, drugId, lots } = released
  const returned: EventMap['prescriptions.fill-returned.v1'] = { fillId, prescriptionId, orderId, orderLineId, drugId, reasonCode: 'NOT_COLLECTED', leftControl: false, lots }
  const eventId = await subgraph.publish('prescriptions.fill-returned.v1', fillId, returned)
  await subgraph.republish('prescriptions.fill-returned.v1', fillId, returned, eventId)
  await cancel(orderId)
  await eventually(async () => (await statusOf(request))[0] === 'RELEASED')
  await settled(orderId)
  const back = await returnsOf(drug)
  assert.deepEqual(back.map(({ status, origin, units }) => [status, origin, units]), [['QUARANTINE', 'RETURN', 20]])
  assert.equal((await release(back[0]!.id)).lot.status, 'AVAILABLE')
  assert.deepEqual(await shelf.balances(lot!), [{ onHand: 30, reserved: 0 }])
})

test('a parcel that comes back from outside is quarantined and never sold again, each part of the order for itself', async () => {
  const [drug, other] = [await shelf.drug(), await shelf.drug()]
  await shelf.stock(drug, { quantity: 10, expires: inDays(300) })
  await shelf.stock(other, { quantity: 10, expires: inDays(300) })
  const request = requestFor([drug, 2, null], [other, 3, null])
  await held(request)
  const { orderId, lines } = request
  const patientId = newId()
  const [first, second] = [newId(), newId()]
  for (const [index, fulfilmentId] of [first, second].entries()) await subgraph.publish('orders.order-released.v1', orderId, { orderId, patientId, orderLineIds: [lines[index]!.orderLineId], fulfilmentId })
  await eventually(async () => (await statusOf(request)).every((status) => status === 'COMMITTED'))
  const shipmentId = newId()
  const comesBack = { shipmentId, orderId, patientId, from: 'RETURNING', to: 'RETURNED' as const, reasonCode: null, fulfilmentId: first }
  await subgraph.publish('logistics.shipment-status-changed.v1', shipmentId, comesBack)
  await subgraph.publish('logistics.shipment-status-changed.v1', shipmentId, comesBack)
  await eventually(async () => (await returnsOf(drug)).length)
  await settled(orderId)
  const [back, ...more] = await returnsOf(drug)
  assert.deepEqual([back!.status, back!.origin, back!.units, more, await returnsOf(other)], ['QUARANTINE', 'RETURN_FROM_OUTSIDE', 2, [], []])
  assert.equal((await release(back!.id)).code, 'LEFT_OUR_CONTROL')
})

const returnsOf = (drugId: string) =>
  subgraph.sql<{ id: string; status: string; origin: string; units: number }>(`select id, status, origin, quantity_on_hand::int as units from lot where drug_id = $1 and origin <> 'SUPPLIER'`, [drugId])
const release = async (lotId: string) =>
  (await subgraph.data(keeper, 'mutation ($i: ChangeLotStatusInput!) { changeLotStatus(input: $i) { ... on LotPayload { lot { status } } ... on Problem { code } } }', { i: { lotId, verb: 'release', reason: 'looked at' } })).changeLotStatus

test('staff see the reservations of an order with their lots, strangers see none', async () => {
  const drug = await shelf.drug()
  const [lot] = await shelf.stock(drug, { quantity: 50, expires: inDays(300) })
  const request = requestFor([drug, 20])
  await held(request)
  const query = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Order { reservations { orderLineId status quantity expiresAt drug { id } allocations { quantity lot { id quantityReserved } } } } } }'
  const ask = async (actor: typeof staff) => (await subgraph.data(actor, query, { r: [{ __typename: 'Order', id: request.orderId }] }))._entities[0].reservations
  const [reservation] = await ask(staff)
  assert.deepEqual(
    { ...reservation, expiresAt: undefined },
    { orderLineId: request.lines[0]!.orderLineId, status: 'HELD', quantity: 20, expiresAt: undefined, drug: { id: drug }, allocations: [{ quantity: 20, lot: { id: lot, quantityReserved: 20 } }] },
  )
  assert.deepEqual(await ask(actorWith('patient', { patientId: newId() })), [])
})

test("an older version of a drug's facts does not replace a newer one", async () => {
  const drug = await shelf.drug()
  const fact = (version: number, packageSize: number): EventMap['catalog.drug-published.v1'] => ({
    drugId: drug, version, ndc: '0591-0369-01', ndc11: '00591036901', name: 'Glyburide', genericName: 'glyburide', ingredients: [], dosageForm: 'TABLET',
    deaSchedule: 'NONE', rxOnly: true, packageSize, dispensingUnit: 'TABLET', pharmacologicClass: null, therapeuticEquivalence: null, storageClass: 'CRT',
    priceMinor: 100, currency: 'USD',
  })
  await subgraph.publish('catalog.drug-published.v1', drug, fact(3, 30))
  await subgraph.publish('catalog.drug-published.v1', drug, fact(2, 20))
  const last = await subgraph.publish('catalog.drug-published.v1', drug, fact(1, 10))
  await eventually(async () => (await subgraph.sql('select 1 from inbox where event_id = $1', [last])).length)
  const [known] = await subgraph.sql<{ package_size: string }>('select package_size from drug_fact where id = $1', [drug])
  assert.equal(Number(known!.package_size), 30)
})

test('after all of it the ledger still adds up', async () => {
  const { ledgerProof } = await subgraph.data(keeper, '{ ledgerProof { lots entries mismatches { lot { id } } } }')
  assert.ok(ledgerProof.lots > 10 && ledgerProof.entries > ledgerProof.lots)
  assert.deepEqual(ledgerProof.mismatches, [])
})

/** Resolves when every event of the order published so far was handled: a last one of its own has come through behind them. */
async function settled(orderId: string): Promise<void> {
  const last = await subgraph.publish('orders.order-cancelled.v1', orderId, { orderId: newId(), patientId: newId(), reasonCode: 'PATIENT_CANCELLED' })
  await eventually(async () => (await subgraph.sql('select 1 from inbox where event_id = $1', [last])).length, { what: 'the events before' })
}
