import { test } from 'node:test'
import assert from 'node:assert/strict'
import { addDays, clock, newId, transact, type Actor } from '@pharmagraph/platform'
import { gtinOfNdc } from '@pharmagraph/schema/identifiers'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { nextBusinessDay } from '../src/business-days.ts'
import { holdStock } from '../src/commands/hold-stock.ts'
import { rememberDrugs } from '../src/commands/remember-drug.ts'
import { inventory } from '../src/subgraph.ts'
import { authorisedPartner, inDays, keeper, requestFor, stockedShelf, system } from './shelf.ts'

const subgraph = await testSubgraph(inventory)
const { orm } = subgraph.running
const shelf = await stockedShelf(subgraph)
const pic = actorWith('pharmacist-in-charge')
const patient = actorWith('patient', { patientId: newId() })
let products = 10
/** A drug with an NDC of its own. */
async function drugOf(deaSchedule: string, packageSize = 10): Promise<{ drugId: string; ndc: string }> {
  const [drugId, ndc] = [newId(), `0777-0001-${products++}`]
  await transact(orm, (em) => rememberDrugs(em, system, [{ drugId, version: 1, ndc, packageSize, deaSchedule }]))
  return { drugId, ndc }
}

const count = async (actor: Actor, countId: string, verb: string, fields: object = {}) =>
  (await subgraph.graph(actor, 'mutation ($i: AdvanceCountInput!) { advanceCount(input: $i) { ... on StockCountPayload { count { status firstQuantity secondQuantity variance allowedActions } } ... on Problem { code } ... on InvalidInput { field } } }', { i: { countId, verb, ...fields } })).data.advanceCount
const request = async (lotId: string): Promise<string> => (await subgraph.data(keeper, 'mutation ($l: ID!) { requestCount(lotId: $l) { count { id } } }', { l: lotId })).requestCount.count.id
const casesOf = async (lotId: string) =>
  (await subgraph.data(pic, '{ lossCases { id lot { id } quantity deaSchedule status discoveredOn noticeDueOn reportDueOn overdue } }')).lossCases.filter(({ lot }: { lot: { id: string } }) => lot.id === lotId)

test('a count that agrees with the books is posted at once, and leaves its mark in the ledger', async () => {
  const { drugId } = await drugOf('NONE')
  const [lot] = await shelf.stock(drugId, { quantity: 50, expires: inDays(300) }) as [string]
  const id = await request(lot)
  assert.equal(await request(lot), id, 'one count of a lot at a time')
  const technician = actorWith('technician')
  assert.deepEqual((await count(technician, id, 'start')).count.allowedActions, ['submit'])
  assert.equal((await count(technician, id, 'submit')).field, 'quantity')
  assert.equal((await count(technician, id, 'submit', { quantity: 50 })).count.status, 'POSTED')
  assert.deepEqual(await subgraph.sql(`select delta::int, reason from ledger_entry where lot_id = $1 and type = 'COUNT'`, [lot]), [{ delta: 0, reason: 'count agrees' }])
})

test('C21 a count that differs is blind to a second counter and reviewed by a third person; missing controlled units open a case with both clocks', async () => {
  const { drugId } = await drugOf('CII')
  const [lot] = await shelf.stock(drugId, { quantity: 50, expires: inDays(300) }) as [string]
  const id = await request(lot)
  const [first, second] = [actorWith('technician'), actorWith('pharmacist')]
  await count(first, id, 'start')
  const { count: differs } = await count(first, id, 'submit', { quantity: 47 })
  assert.deepEqual([differs.status, differs.firstQuantity, differs.variance], ['INVESTIGATING', null, null])
  assert.equal((await count(first, id, 'recount', { quantity: 47 })).code, 'SECOND_PERSON_NEEDED')
  const { count: reviewed } = await count(second, id, 'recount', { quantity: 48 })
  assert.deepEqual([reviewed.status, reviewed.firstQuantity, reviewed.secondQuantity, reviewed.variance], ['REVIEW', 47, 48, -2])
  assert.equal((await count(pic, id, 'post')).field, 'reason')
  assert.equal((await count(pic, id, 'post', { reason: 'two tablets missing, cameras checked' })).count.status, 'POSTED')
  assert.deepEqual(await shelf.balances(lot), [{ onHand: 48, reserved: 0 }])

  const today = clock.today()
  const [loss] = await casesOf(lot)
  assert.deepEqual({ ...loss, id: '', lot: '' }, {
    id: '', lot: '', quantity: 2, deaSchedule: 'CII', status: 'OPEN', discoveredOn: today, noticeDueOn: nextBusinessDay(today), reportDueOn: addDays(today, 45), overdue: false,
  })
  assert.deepEqual((await subgraph.emitted('inventory.loss-case-opened.v1')).map(({ caseId, noticeDueOn }) => [caseId, noticeDueOn]), [[loss.id, nextBusinessDay(today)]])

  const advance = async (verb: string, reference: string, actor = pic) =>
    (await subgraph.graph(actor, 'mutation ($i: AdvanceLossCaseInput!) { advanceLossCase(input: $i) { ... on LossCasePayload { lossCase { status overdue } } ... on Problem { code } } }', { i: { caseId: loss.id, verb, reference } }))
  try {
    clock.advance(6 * 86_400_000)
    assert.equal((await casesOf(lot))[0].overdue, true)
    assert.equal((await advance('report', 'Form 106')).data.advanceLossCase.code, 'TRANSITION_REFUSED')
    assert.deepEqual((await advance('notify', 'fax of the field office')).data.advanceLossCase.lossCase, { status: 'NOTIFIED', overdue: false })
    clock.advance(40 * 86_400_000)
    assert.equal((await casesOf(lot))[0].overdue, true)
    assert.deepEqual((await advance('report', 'Form 106')).data.advanceLossCase.lossCase, { status: 'REPORTED', overdue: false })
  } finally {
    clock.reset()
  }
  assert.equal((await advance('notify', 'x', actorWith('technician'))).errors?.[0]?.extensions['code'], 'NOT_FOUND')
})

test('C21 a surplus, a missing unit that is not controlled, and spilt units open no case; a loss that somebody reports does', async () => {
  const [plain, controlled] = [await drugOf('NONE'), await drugOf('CIV')]
  const adjust = async (drugId: string, lotId: string, delta: number, reason: string) =>
    subgraph.data(keeper, 'mutation ($i: AdjustInventoryInput!) { adjustInventory(input: $i) { ... on Problem { code } } }', { i: { drugId, lotId, delta, reason, idempotencyKey: newId() } })
  const [plainLot] = await shelf.stock(plain.drugId, { quantity: 50, expires: inDays(300) }) as [string]
  const [lot] = await shelf.stock(controlled.drugId, { quantity: 50, expires: inDays(300) }) as [string]
  await adjust(plain.drugId, plainLot, -1, 'LOSS')
  await adjust(controlled.drugId, lot, 1, 'FOUND')
  await adjust(controlled.drugId, lot, -1, 'DAMAGE')
  assert.deepEqual([...(await casesOf(plainLot)), ...(await casesOf(lot))], [])
  await adjust(controlled.drugId, lot, -3, 'LOSS')
  assert.deepEqual((await casesOf(lot)).map(({ quantity }: { quantity: number }) => quantity), [3])
})

test('a posted count never takes what is held for orders', async () => {
  const { drugId } = await drugOf('NONE')
  const [lot] = await shelf.stock(drugId, { quantity: 50, expires: inDays(300) }) as [string]
  await transact(orm, (em) => holdStock(em, system, requestFor([drugId, 40])))
  const id = await request(lot)
  const [first, second] = [actorWith('technician'), actorWith('technician')]
  await count(first, id, 'start')
  await count(first, id, 'submit', { quantity: 30 })
  await count(second, id, 'recount', { quantity: 30 })
  assert.equal((await count(pic, id, 'post', { reason: 'checked' })).code, 'INSUFFICIENT_STOCK')
  assert.deepEqual(await shelf.balances(lot), [{ onHand: 50, reserved: 40 }])
})

test('C21 the next business day leaves out weekends and federal holidays as they are observed', () => {
  const cases: [string, string][] = [
    ['2026-11-25', '2026-11-27'], ['2026-11-27', '2026-11-30'], ['2026-12-24', '2026-12-28'], ['2026-07-02', '2026-07-06'], ['2027-12-30', '2028-01-03'], ['2027-05-28', '2027-06-01'],
  ]
  for (const [day, next] of cases) assert.equal(nextBusinessDay(day), next, day)
})

test('C22 the biennial inventory wants schedule II and large containers counted, and lets the rest be estimated', async () => {
  const [two, four, large] = [await drugOf('CII'), await drugOf('CIV', 100), await drugOf('CIV', 1_001)]
  for (const { drugId } of [two, four, large]) await shelf.stock(drugId, { quantity: 150, expires: inDays(300), location: shelf.there })
  const { controlledInventory } = await subgraph.data(pic, 'query ($l: ID!) { controlledInventory(locationId: $l) { drug { id } deaSchedule quantity containers exactCount } }', { l: shelf.there })
  assert.deepEqual(controlledInventory, [
    { drug: { id: two.drugId }, deaSchedule: 'CII', quantity: 150, containers: 15, exactCount: true },
    { drug: { id: four.drugId }, deaSchedule: 'CIV', quantity: 150, containers: 2, exactCount: false },
    { drug: { id: large.drugId }, deaSchedule: 'CIV', quantity: 150, containers: 1, exactCount: true },
  ])
  assert.equal((await subgraph.graph(patient, 'query ($l: ID!) { controlledInventory(locationId: $l) { ndc } }', { l: shelf.there })).errors?.[0]?.extensions['code'], 'FORBIDDEN')
})

test('C22 the biennial inventory is recorded whole, exactly where the law says so, once, for good; a difference asks for a blind count', async () => {
  const location = shelf.there
  const books = async (): Promise<{ drug: { id: string }; quantity: number; exactCount: boolean }[]> =>
    (await subgraph.data(pic, 'query ($l: ID!) { controlledInventory(locationId: $l) { drug { id } quantity exactCount } }', { l: location })).controlledInventory
  const record = async (lines: object[], actor: Actor = pic) =>
    (await subgraph.graph(actor, 'mutation ($i: RecordControlledInventoryInput!) { recordControlledInventory(input: $i) { ... on ControlledInventoryPayload { record { id takenOn nextDueOn lines { drug { id } quantity exact booked } } } ... on InvalidInput { field message } } }', { i: { locationId: location, businessTime: 'OPENING', lines } }))
  const lines = (await books()).map(({ drug, quantity, exactCount }) => ({ drugId: drug.id, quantity, exact: exactCount }))
  const two = lines.find(({ exact }) => exact)!
  assert.match((await record(lines.slice(1))).data.recordControlledInventory.message, /is missing/)
  assert.match((await record(lines.map((line) => ({ ...line, exact: false })))).data.recordControlledInventory.message, /counted exactly/)
  assert.equal((await record([...lines, { drugId: newId(), quantity: 1, exact: true }])).data.recordControlledInventory.field, 'lines')
  const found = lines.map((line) => (line === two ? { ...line, quantity: line.quantity - 1 } : line))
  const { record: taken } = (await record(found)).data.recordControlledInventory
  assert.equal(taken.nextDueOn, `${Number(taken.takenOn.slice(0, 4)) + 2}${taken.takenOn.slice(4)}`)
  assert.deepEqual(taken.lines.find(({ drug }: { drug: { id: string } }) => drug.id === two.drugId), { drug: { id: two.drugId }, quantity: two.quantity - 1, exact: true, booked: two.quantity })
  assert.equal((await record(lines)).data.recordControlledInventory.record.id, taken.id, 'one inventory a day and time')
  const open = await subgraph.sql<{ n: number }>(`select count(*)::int as n from stock_count join lot on lot.id = stock_count.lot_id where lot.drug_id = $1 and stock_count.status = 'REQUESTED'`, [two.drugId])
  assert.equal(open[0]!.n, 1)
  await assert.rejects(subgraph.sql('delete from controlled_inventory_record'), /append-only/)
  assert.equal((await record(lines, patient)).errors?.[0]?.extensions['code'], 'FORBIDDEN')
})

test('a controlled lot is destroyed by one person before another, on its form, and leaves the books with both on record', async () => {
  const { drugId } = await drugOf('CII')
  const [lot] = await shelf.stock(drugId, { quantity: 40, expires: inDays(300) }) as [string]
  const change = async (verb: string) => (await subgraph.data(keeper, 'mutation ($i: ChangeLotStatusInput!) { changeLotStatus(input: $i) { ... on LotPayload { lot { status } } ... on Problem { code } } }', { i: { lotId: lot, verb, reason: 'broken seals' } })).changeLotStatus
  const propose = async () => (await subgraph.data(keeper, 'mutation ($i: ProposeDestructionInput!) { proposeDestruction(input: $i) { ... on DestructionPayload { destruction { id status allowedActions } } ... on InvalidInput { field } } }', { i: { lotId: lot, method: 'INCINERATION' } })).proposeDestruction
  const witness = async (destructionId: string, actor: Actor, fields: object = {}) =>
    (await subgraph.graph(actor, 'mutation ($i: AdvanceDestructionInput!) { advanceDestruction(input: $i) { ... on DestructionPayload { destruction { status quantity reference lot { status quantityOnHand } } } ... on Problem { code } ... on InvalidInput { field } } }', { i: { destructionId, verb: 'witness', ...fields } }))
  assert.equal((await propose()).field, 'lotId')
  await change('quarantine')
  assert.equal((await change('destroy')).code, 'WITNESS_NEEDED')
  const { destruction: { id } } = await propose()
  assert.equal((await propose()).destruction.id, id)
  const second = actorWith('pharmacist')
  assert.equal((await witness(id, keeper, { reference: 'Form 41' })).data.advanceDestruction.code, 'SECOND_PERSON_NEEDED')
  assert.equal((await witness(id, second)).data.advanceDestruction.field, 'reference')
  assert.equal((await witness(id, actorWith('technician'), { reference: 'Form 41' })).errors?.[0]?.extensions['code'], 'FORBIDDEN')
  assert.deepEqual((await witness(id, second, { reference: 'Form 41' })).data.advanceDestruction.destruction, { status: 'WITNESSED', quantity: 40, reference: 'Form 41', lot: { status: 'DESTROYED', quantityOnHand: 0 } })
  assert.deepEqual(await subgraph.sql('select proposed_by, witnessed_by from destruction where id = $1', [id]), [{ proposed_by: keeper.subject, witnessed_by: second.subject }])
  assert.equal((await witness(id, second, { reference: 'Form 41' })).data.advanceDestruction.code, 'TRANSITION_REFUSED')
})

const scanMutation = 'mutation ($i: ReceiveScanInput!) { receiveScan(input: $i) { ... on LotPayload { lot { id batchNumber expiryDate quantityOnHand bin status drug { id } transactions { gtin serialNumber sellerName quantity retainUntil } } } ... on InvalidInput { field message } } }'
const scan = async (text: string, fields: object = {}) =>
  (await subgraph.data(keeper, scanMutation, { i: { scan: text, locationId: shelf.here, reference: 'note 7', sellerName: 'Acme Wholesale', sellerGln: '0614141000005', transactionDate: clock.today(), ...fields } })).receiveScan
await authorisedPartner(subgraph)
const yymmdd = (day: string): string => day.slice(2).replaceAll('-', '')

test('a scanned package makes its lot, one package of it, with transaction data for six years; scanned again it is the same package', async () => {
  const { drugId, ndc } = await drugOf('NONE', 30)
  const text = `]d201${gtinOfNdc(ndc)}17${yymmdd(inDays(400))}10LOT9\u001d21SER1`
  const { lot } = await scan(text, { bin: 'A-12' })
  assert.deepEqual({ ...lot, id: '' }, {
    id: '', batchNumber: 'LOT9', expiryDate: inDays(400), quantityOnHand: 30, bin: 'A-12', status: 'RECEIVING', drug: { id: drugId },
    transactions: [{ gtin: gtinOfNdc(ndc), serialNumber: 'SER1', sellerName: 'Acme Wholesale', quantity: 30, retainUntil: `${Number(clock.today().slice(0, 4)) + 6}${clock.today().slice(4)}` }],
  })
  assert.equal((await scan(text)).lot.quantityOnHand, 30)
  assert.equal((await scan(text.replace('SER1', 'SER2'))).lot.quantityOnHand, 60)
  assert.match((await scan(text, { reference: 'note 8' })).message, /received before: quarantine/)
  await assert.rejects(subgraph.sql('update transaction_record set quantity = 1'), /append-only/)
})

test('a case must say how many units it holds, and a scan that cannot be right is refused with the field named', async () => {
  const { ndc } = await drugOf('NONE', 30)
  const caseOf = `(01)${gtinOfNdc(ndc, 3)}(17)${yymmdd(inDays(400))}(10)LOT1`
  assert.equal((await scan(caseOf)).field, 'quantity')
  assert.equal((await scan(caseOf, { quantity: 720 })).lot.quantityOnHand, 720)
  const good = `(01)${gtinOfNdc(ndc)}(17)${yymmdd(inDays(400))}(10)LOT1`
  const cases: [string, string, object][] = [
    ['scan', 'hello', {}], ['scan', `(01)${gtinOfNdc('0999-0999-99')}(17)${yymmdd(inDays(400))}(10)LOT1`, {}], ['scan', `(01)${gtinOfNdc(ndc)}(10)LOT1`, {}],
    ['sellerGln', good, { sellerGln: '1' }], ['sellerGln', good, { sellerGln: '0614141000006' }], ['sellerName', good, { sellerName: ' ' }], ['transactionDate', good, { transactionDate: inDays(1) }], ['bin', good, { bin: 'a b' }],
    ['expiryDate', `(01)${gtinOfNdc(ndc)}(17)${yymmdd(inDays(-10))}(10)LOT2`, {}],
  ]
  for (const [field, text, fields] of cases) assert.equal((await scan(text, fields)).field, field, JSON.stringify([text, fields]))
})

test('a transfer is two entries or none, once per key, and two that cross do not wait for each other in a ring', async () => {
  const { drugId } = await drugOf('NONE')
  const [lot] = await shelf.stock(drugId, { quantity: 50, expires: inDays(300) }) as [string]
  const move = async (fields: object) =>
    (await subgraph.data(keeper, 'mutation ($i: TransferStockInput!) { transferStock(input: $i) { ... on TransferPayload { from { id quantityOnHand } to { id quantityOnHand status location { id } } } ... on Problem { code } ... on InvalidInput { field } } }', { i: { lotId: lot, toLocationId: shelf.there, quantity: 20, idempotencyKey: 'k1', ...fields } })).transferStock
  const { from, to } = await move({})
  assert.deepEqual([from.quantityOnHand, to.quantityOnHand, to.status, to.location.id], [30, 20, 'RECEIVING', shelf.there])
  assert.deepEqual((await move({})).to, to)
  assert.equal((await move({ quantity: 31, idempotencyKey: 'k2' })).code, 'INSUFFICIENT_STOCK')
  const cases: [string, object][] = [['quantity', { quantity: 0 }], ['toLocationId', { toLocationId: shelf.here }], ['toLocationId', { toLocationId: newId() }], ['idempotencyKey', { quantity: 3 }], ['lotId', { lotId: to.id, toLocationId: shelf.here, idempotencyKey: 'k3' }]]
  for (const [field, fields] of cases) assert.equal((await move(fields)).field, field, JSON.stringify(fields))

  await subgraph.data(keeper, 'mutation ($i: ChangeLotStatusInput!) { changeLotStatus(input: $i) { ... on LotPayload { lot { id } } } }', { i: { lotId: to.id, verb: 'release', reason: 'checked' } })
  await Promise.all(Array.from({ length: 20 }, (_, index) => move(index % 2 ? { quantity: 1, idempotencyKey: `x${index}` } : { lotId: to.id, toLocationId: shelf.here, quantity: 1, idempotencyKey: `x${index}` })))
  assert.deepEqual(await shelf.balances(lot, to.id), [{ onHand: 30, reserved: 0 }, { onHand: 20, reserved: 0 }])
})

test('after all of it the ledger still adds up', async () => {
  assert.deepEqual((await subgraph.data(keeper, '{ ledgerProof { mismatches { lot { id } } } }')).ledgerProof.mismatches, [])
})
