import { test } from 'node:test'
import assert from 'node:assert/strict'
import { addDays, clock, newId, systemActor, transact, type Actor, type Role } from '@pharmagraph/platform'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { changeLotStatus } from '../src/commands/change-lot-status.ts'
import { expireLots } from '../src/commands/expire-lots.ts'
import { holdStock } from '../src/commands/hold-stock.ts'
import { Lot, lotStatuses, type LotStatus } from '../src/entities/lot.ts'
import { lotLifecycle } from '../src/lifecycles/lot.ts'
import { services } from '../src/services.ts'
import { inventory } from '../src/subgraph.ts'
import { inDays, keeper, requestFor, stockedShelf, system } from './shelf.ts'

const subgraph = await testSubgraph(inventory)
const { orm } = subgraph.running
const shelf = await stockedShelf(subgraph)
const pharmacist = actorWith('pharmacist')
const patient = actorWith('patient', { patientId: newId() })

const problem = '... on Problem { __typename code message } ... on InvalidInput { field }'
const receive = `mutation ($i: ReceiveStockInput!) { receiveStock(input: $i) { ... on LotPayload { lot { id ndc batchNumber quantityOnHand status history { from to verb actorRole } ledger { nodes { type delta reference } } } } ${problem} } }`
const adjust = `mutation ($i: AdjustInventoryInput!) { adjustInventory(input: $i) { ... on LotPayload { lot { quantityOnHand } } ${problem} ... on InsufficientStock { available requested } } }`
const change = 'mutation ($i: ChangeLotStatusInput!) { changeLotStatus(input: $i) { ... on LotPayload { lot { status quantityOnHand allowedActions history { verb reason } } } ... on TransitionRefused { code message allowed } } }'
const delivery = (drugId: string, fields: object = {}) => ({ i: { drugId, locationId: shelf.here, batchNumber: 'A123', expiryDate: inDays(400), quantity: 100, reference: 'note 1', ...fields } })

test('a delivery makes a lot that waits to be released, or adds to the one there is; the same note is booked once', async () => {
  const drug = await shelf.drug()
  const { lot } = (await subgraph.data(keeper, receive, delivery(drug))).receiveStock
  assert.deepEqual({ ...lot, id: '' }, {
    id: '', ndc: '0591-0369-01', batchNumber: 'A123', quantityOnHand: 100, status: 'RECEIVING',
    history: [{ from: '', to: 'RECEIVING', verb: 'begin', actorRole: 'inventory' }], ledger: { nodes: [{ type: 'RECEIPT', delta: 100, reference: 'note 1' }] },
  })
  const again = (await subgraph.data(keeper, receive, delivery(drug))).receiveStock.lot
  assert.deepEqual([again.id, again.quantityOnHand], [lot.id, 100])
  const more = (await subgraph.data(keeper, receive, delivery(drug, { reference: 'note 2', quantity: 20.5 }))).receiveStock.lot
  assert.deepEqual([more.id, more.quantityOnHand, more.ledger.nodes.map(({ reference }: { reference: string }) => reference)], [lot.id, 120.5, ['note 2', 'note 1']])
  assert.equal((await subgraph.emitted('inventory.stock-received.v1')).filter(({ lotId }) => lotId === lot.id).length, 2)
})

test('S27 ten deliveries of one new batch at the same moment make one lot with all of them', async () => {
  const drug = await shelf.drug()
  const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => subgraph.data(keeper, receive, delivery(drug, { reference: `note ${i}`, quantity: 10 }))))
  assert.equal(new Set(answers.map(({ receiveStock }) => receiveStock.lot.id)).size, 1)
  assert.deepEqual(await shelf.balances(answers[0].receiveStock.lot.id), [{ onHand: 100, reserved: 0 }])
})

test('a delivery that cannot be right is refused with the field named', async () => {
  const drug = await shelf.drug()
  await subgraph.data(keeper, receive, delivery(drug))
  const cases: [string, object][] = [
    ['drugId', { drugId: newId() }], ['drugId', { drugId: 'x' }], ['locationId', { locationId: newId() }], ['batchNumber', { batchNumber: 'with space' }],
    ['expiryDate', { expiryDate: inDays(-1) }], ['expiryDate', { expiryDate: inDays(401), reference: 'other' }], ['quantity', { quantity: 0 }],
    ['quantity', { quantity: 1.0001 }], ['quantity', { quantity: 99 }], ['reference', { reference: ' ' }],
  ]
  for (const [field, fields] of cases) {
    const { receiveStock } = await subgraph.data(keeper, receive, delivery(drug, fields))
    assert.deepEqual([receiveStock.__typename, receiveStock.field], ['InvalidInput', field], JSON.stringify(fields))
  }
})

test('S37 a correction moves the books once per key, and never below what is held', async () => {
  const drug = await shelf.drug()
  const [lot] = await shelf.stock(drug, { quantity: 50, expires: inDays(300) })
  await transact(orm, (em) => holdStock(em, system, requestFor([drug, 30])))
  const correction = (delta: number, reason: string, idempotencyKey: string, fields: object = {}) => ({ i: { drugId: drug, lotId: lot, delta, reason, idempotencyKey, ...fields } })
  const run = async (variables: object) => (await subgraph.data(keeper, adjust, variables as Record<string, unknown>)).adjustInventory

  const spilt = correction(-2, 'DAMAGE', 'spilt', { note: 'bottle fell' })
  assert.equal((await run(spilt)).lot.quantityOnHand, 48)
  assert.equal((await run(spilt)).lot.quantityOnHand, 48)
  const short = await run(correction(-19, 'LOSS', 'k2'))
  assert.deepEqual([short.code, short.available, short.requested], ['INSUFFICIENT_STOCK', 18, 19])
  assert.equal((await run(correction(-18, 'LOSS', 'k3'))).lot.quantityOnHand, 30)
  const cases: [string, object][] = [
    ['delta', correction(0, 'CORRECTION', 'k4')], ['delta', correction(1, 'DAMAGE', 'k4')], ['delta', correction(-1, 'FOUND', 'k4')],
    ['idempotencyKey', correction(-3, 'DAMAGE', 'spilt')], ['idempotencyKey', correction(-1, 'DAMAGE', ' ')], ['drugId', correction(1, 'FOUND', 'k4', { drugId: newId() })],
  ]
  for (const [field, variables] of cases) assert.equal((await run(variables)).field, field, JSON.stringify(variables))
  assert.deepEqual((await subgraph.emitted('inventory.stock-adjusted.v1')).filter(({ lotId }) => lotId === lot).map(({ delta, reason }) => [delta, reason]), [[-2, 'DAMAGE'], [-18, 'LOSS']])
})

test('only those who keep stock move it, and to others a lot does not exist', async () => {
  const drug = await shelf.drug()
  const [lot] = await shelf.stock(drug, { quantity: 50, expires: inDays(300) })
  const moves: [string, object][] = [[receive, delivery(drug)], [adjust, { i: { drugId: drug, lotId: lot, delta: 1, reason: 'FOUND', idempotencyKey: 'x' } }], [change, { i: { lotId: lot, verb: 'recall', reason: 'x' } }]]
  for (const [mutation, variables] of moves) {
    assert.equal((await subgraph.graph(pharmacist, mutation, variables as never)).errors?.[0]?.extensions['code'], 'FORBIDDEN')
    assert.equal((await subgraph.graph(patient, mutation, variables as never)).errors?.[0]?.extensions['code'], 'NOT_FOUND')
  }
  const read = 'query ($l: ID!, $d: ID, $r: [_Any!]!) { lot(id: $l) { id } inventory(drugId: $d) { nodes { id } } _entities(representations: $r) { ... on Lot { id } } }'
  const ask = (actor: Actor) => subgraph.data(actor, read, { l: lot, d: drug, r: [{ __typename: 'Lot', id: lot }, { __typename: 'Lot', id: 'x' }] })
  assert.deepEqual(await ask(pharmacist), { lot: { id: lot }, inventory: { nodes: [{ id: lot }] }, _entities: [{ id: lot }, null] })
  assert.deepEqual(await ask(patient), { lot: null, inventory: { nodes: [] }, _entities: [null, null] })
  assert.equal((await subgraph.graph(patient, '{ ledgerProof { lots } }')).errors?.[0]?.extensions['code'], 'FORBIDDEN')
})

test('S17 lots are found by drug, batch number, location and status', async () => {
  const drug = await shelf.drug()
  const [a, b] = await shelf.stock(drug, { quantity: 50, expires: inDays(300) }, { quantity: 50, expires: inDays(300), location: shelf.there })
  await subgraph.data(keeper, change, { i: { lotId: b, verb: 'quarantine', reason: 'broken seal' } })
  const [row] = await subgraph.sql<{ batch_number: string }>('select batch_number from lot where id = $1', [a])
  const find = async (filter: Record<string, unknown>) =>
    (await subgraph.data(pharmacist, 'query ($drugId: ID, $batchNumber: String, $locationId: ID, $status: LotStatus) { inventory(drugId: $drugId, batchNumber: $batchNumber, locationId: $locationId, status: $status) { nodes { id } } }', filter)).inventory.nodes.map(({ id }: { id: string }) => id)
  assert.deepEqual(await find({ drugId: drug }), [b, a])
  assert.deepEqual(await find({ drugId: drug, status: 'AVAILABLE' }), [a])
  assert.deepEqual(await find({ drugId: drug, status: 'QUARANTINE' }), [b])
  assert.deepEqual(await find({ drugId: drug, locationId: shelf.there }), [b])
  assert.deepEqual(await find({ batchNumber: row!.batch_number }), [a])
  assert.deepEqual(await find({ drugId: 'x' }), [])
})

test('a lot past its expiry reads EXPIRED and is not sold at once; the job records it, and it cannot be put back on sale', async () => {
  const drug = await shelf.drug()
  const [lot] = await shelf.stock(drug, { quantity: 50, expires: inDays(300) })
  const read = async () => (await subgraph.data(pharmacist, 'query ($id: ID!, $d: ID) { lot(id: $id) { status } inventory(drugId: $d, status: EXPIRED) { nodes { id } } }', { id: lot, d: drug }))
  try {
    clock.advance(300 * 86_400_000)
    assert.equal((await read()).lot.status, 'AVAILABLE', 'the expiry date is the last day of use')
    clock.advance(86_400_000)
    assert.deepEqual(await read(), { lot: { status: 'EXPIRED' }, inventory: { nodes: [{ id: lot }] } })
    await transact(orm, (em) => expireLots(em, system))
    assert.deepEqual(await subgraph.sql('select status from lot where id = $1', [lot]), [{ status: 'EXPIRED' }])
    const quarantined = (await subgraph.data(keeper, change, { i: { lotId: lot, verb: 'quarantine', reason: 'set aside' } })).changeLotStatus
    assert.deepEqual(quarantined.lot.history.at(-1), { verb: 'quarantine', reason: 'set aside' })
    const back = (await subgraph.data(keeper, change, { i: { lotId: lot, verb: 'release', reason: 'try' } })).changeLotStatus
    assert.equal(back.code, 'EXPIRED')
  } finally {
    clock.reset()
  }
})

test('destroying a lot takes a second person, waits for holds, and empties the books', async () => {
  const drug = await shelf.drug()
  const [lot] = await shelf.stock(drug, { quantity: 50, expires: inDays(300) })
  const walk = async (actor: Actor, verb: string) => (await subgraph.data(actor, change, { i: { lotId: lot, verb, reason: 'water damage' } })).changeLotStatus
  assert.deepEqual((await walk(keeper, 'destroy')).allowed.includes('damage'), true)
  await walk(keeper, 'damage')
  assert.equal((await walk(keeper, 'destroy')).code, 'SECOND_PERSON_NEEDED')
  const { lot: gone } = await walk(actorWith('pharmacist-in-charge'), 'destroy')
  assert.deepEqual([gone.status, gone.quantityOnHand, gone.allowedActions], ['DESTROYED', 0, []])
  const [entry] = await subgraph.sql<{ delta: string; reason: string }>(`select delta, reason from ledger_entry where lot_id = $1 and type = 'DESTROY'`, [lot])
  assert.deepEqual([Number(entry!.delta), entry!.reason], [-50, 'water damage'])

  const [heldLot] = await shelf.stock(drug, { quantity: 50, expires: inDays(300) })
  await transact(orm, (em) => holdStock(em, system, requestFor([drug, 10])))
  await subgraph.data(keeper, change, { i: { lotId: heldLot, verb: 'recall', reason: 'recall' } })
  const refused = (await subgraph.data(actorWith('pharmacist-in-charge'), change, { i: { lotId: heldLot, verb: 'destroy', reason: 'recall' } })).changeLotStatus
  assert.equal(refused.code, 'HELD_FOR_ORDERS')
})

test("every verb of the lot's lifecycle, in every state and by every role, does what the table says and nothing else", async () => {
  const roles: Role[] = ['patient', 'caregiver', 'prescriber', 'technician', 'pharmacist', 'pharmacist-in-charge', 'inventory', 'driver', 'support', 'compliance', 'partner', 'system']
  const verbs = [...new Set(Object.values(lotLifecycle.table).flatMap((steps) => Object.keys(steps)))]
  const drug = await shelf.drug()
  const [lotId] = await shelf.stock(drug, { quantity: 10, expires: inDays(300) })
  const movesLots = (role: Role): boolean => role === 'inventory' || role === 'pharmacist-in-charge'
  const undo = new Error('undo')
  /** Where the verb leads, or the code of its refusal; nothing of it stays. */
  const walk = async (state: LotStatus, verb: string, role: Role): Promise<string> => {
    let seen = ''
    await orm.em.fork().transactional(async (em) => {
      if (movesLots(role)) await em.nativeUpdate(Lot, { id: lotId! }, { status: state, statusBy: 'somebody else' })
      seen = await changeLotStatus(em, actorWith(role), { lotId: lotId!, verb, reason: 'walk' }).then(({ status }) => status, ({ code }) => code)
      throw undo
    }).catch((error: unknown) => {
      if (error !== undo) throw error
    })
    return seen
  }
  for (const state of lotStatuses) {
    for (const verb of verbs) {
      for (const role of roles) {
        const step = lotLifecycle.table[state][verb]
                const sees = ['technician', 'pharmacist', 'support', 'compliance', 'system'].includes(role)
        const expected = movesLots(role) ? (step ? (step.by.includes(role) ? step.next : 'FORBIDDEN') : 'TRANSITION_REFUSED') : sees ? 'FORBIDDEN' : 'NOT_FOUND'
        const seen = await walk(state, verb, role)
        assert.equal(seen, expected, `${state} ${verb} by ${role}`)
      }
    }
  }
})

test('S65 availability counts what is on sale, free and keeps for a supply and the minimum dating: in stock, low under five packages, or out', async () => {
  const [plenty, low, none] = [await shelf.drug(), await shelf.drug(), await shelf.drug()]
  await shelf.stock(plenty, { quantity: 40, expires: inDays(300) }, { quantity: 40, expires: inDays(60), location: shelf.there })
  await shelf.stock(low, { quantity: 60, expires: inDays(300) }, { quantity: 100, expires: inDays(59) })
  await transact(orm, (em) => holdStock(em, systemActor('inventory'), requestFor([low, 11])))
  const [quarantined] = await shelf.stock(none, { quantity: 60, expires: inDays(300) })
  await subgraph.data(keeper, change, { i: { lotId: quarantined, verb: 'hold', reason: 'question to the supplier' } })
  const { _entities } = await subgraph.data(patient, 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Drug { availability { status quantityAvailable } } } }', {
    r: [plenty, low, none, newId()].map((id) => ({ __typename: 'Drug', id })),
  })
  assert.deepEqual(_entities.map(({ availability }: { availability: object }) => availability), [
    { status: 'IN_STOCK', quantityAvailable: 80 }, { status: 'LOW', quantityAvailable: 49 }, { status: 'OUT_OF_STOCK', quantityAvailable: 0 }, { status: 'OUT_OF_STOCK', quantityAvailable: 0 },
  ])
})

test('a policy in force from a later day changes nothing before it', async () => {
  const drug = await shelf.drug()
  await shelf.stock(drug, { quantity: 80, expires: inDays(100) })
  const availability = async () => (await subgraph.data(patient, 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Drug { availability { status } } } }', { r: [{ __typename: 'Drug', id: drug }] }))._entities[0].availability.status
  await subgraph.sql(`insert into policy values ('MINIMUM_DATING_DAYS', $1, 90, 'test')`, [inDays(2)])
  try {
    assert.equal(await availability(), 'IN_STOCK')
    clock.advance(2 * 86_400_000)
    assert.equal(await availability(), 'OUT_OF_STOCK')
  } finally {
    clock.reset()
    await subgraph.sql(`delete from policy where source = 'test'`)
  }
})

test('fifty lots with all they lead to, and a hundred availabilities, cost a handful of SQL statements each', async () => {
  const drugs = await Promise.all(Array.from({ length: 10 }, () => shelf.drug()))
  const lots = (await Promise.all(drugs.map((drug) => shelf.stock(drug, ...Array.from({ length: 5 }, () => ({ quantity: 10, expires: inDays(300) })))))).flat()
  const byLot = await subgraph.countSql(async () => {
    const { _entities } = await subgraph.data(pharmacist, 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Lot { id location { name } history { verb } ledger(first: 2) { nodes { id } } drug { availability { status } } } } }', { r: lots.map((id) => ({ __typename: 'Lot', id })) })
    assert.equal(_entities.length, 50)
  })
  assert.ok(byLot <= 6, `${byLot} statements`)
  const byDrug = await subgraph.countSql(async () => {
    await subgraph.data(patient, 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Drug { availability { quantityAvailable } } } }', { r: Array.from({ length: 100 }, (_, i) => ({ __typename: 'Drug', id: drugs[i] ?? newId() })) })
  })
  assert.ok(byDrug <= 2, `${byDrug} statements`)
})

test('the opening stock of the demo is loaded once, on sale, and in the books', async () => {
  const run = () => inventory.seed!({ transact: (work) => transact(orm, work), orm, services: services(), logger: undefined as never })
  const count = async () => Number((await subgraph.sql<{ n: number }>(`select count(*) as n from lot join location on location.id = lot.location_id where location.name like 'Pharmagraph%'`))[0]!.n)
  await run()
  const lots = await count()
  assert.ok(lots > 100)
  await run()
  assert.equal(await count(), lots)
  const [{ n }] = await subgraph.sql<{ n: number }>(`select count(*)::int as n from lot where status = 'AVAILABLE' and expiry_date > $1`, [addDays(clock.today(), 60)]) as [{ n: number }]
  assert.ok(n > lots / 2)
  assert.deepEqual((await subgraph.data(keeper, '{ ledgerProof { mismatches { lot { id } } } }')).ledgerProof.mismatches, [])
})
