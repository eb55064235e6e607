import { test } from 'node:test'
import assert from 'node:assert/strict'
import { clock, newId, transact, type Actor } from '@pharmagraph/platform'
import { gtinOfNdc } from '@pharmagraph/schema/identifiers'
import { actorWith, eventually, testSubgraph } from '../../../tests/environment.ts'
import { commitFill } from '../src/commands/commit-stock.ts'
import { holdStock } from '../src/commands/hold-stock.ts'
import { rememberDrugs } from '../src/commands/remember-drug.ts'
import { packagesToVerify } from '../src/lifecycles/suspect-case.ts'
import { inventory } from '../src/subgraph.ts'
import { authorisedPartner, inDays, keeper, pic, requestFor, stockedShelf, system } from './shelf.ts'

const subgraph = await testSubgraph(inventory, { background: true })
const { orm } = subgraph.running
const shelf = await stockedShelf(subgraph)
const partner = await authorisedPartner(subgraph)

let products = 10
async function drugOf(deaSchedule = 'NONE', packageSize = 10): Promise<{ drugId: string; ndc: string; gtin: string }> {
  const [drugId, ndc] = [newId(), `0778-0001-${products++}`]
  await transact(orm, (em) => rememberDrugs(em, system, [{ drugId, version: 1, ndc, packageSize, deaSchedule }]))
  return { drugId, ndc, gtin: gtinOfNdc(ndc) }
}
const yymmdd = (day: string): string => day.slice(2).replaceAll('-', '')
const nextYear = inDays(400)
const label = (gtin: string, lot: string, serial: string, expires = nextYear): string => `]d201${gtin}17${yymmdd(expires)}10${lot}\u001d21${serial}`
const receive = async (scan: string, fields: object = {}) =>
  (await subgraph.data(keeper, 'mutation ($i: ReceiveScanInput!) { receiveScan(input: $i) { ... on LotPayload { lot { id status quantityOnHand transactions { statement } } } ... on InvalidInput { field message } } }', {
    i: { scan, locationId: shelf.here, reference: 'note 1', sellerName: 'Acme Wholesale', sellerGln: partner.gln, transactionDate: clock.today(), ...fields },
  })).receiveScan
const suspect = 'suspectCase { id status packagesToVerify verified differing noticeDueAt overdue allowedActions }'
const problem = '... on Problem { code } ... on InvalidInput { field }'
const report = async (lotId: string, actor: Actor = keeper) => (await subgraph.data(actor, `mutation ($l: ID!) { reportSuspect(lotId: $l, reason: "the seal is broken") { ... on SuspectCasePayload { ${suspect} } ${problem} } }`, { l: lotId })).reportSuspect
const verify = async (caseId: string, scan: string) => (await subgraph.data(keeper, `mutation ($c: ID!, $s: String!) { verifySuspectPackage(caseId: $c, scan: $s) { ... on SuspectCasePayload { ${suspect} } ${problem} } }`, { c: caseId, s: scan })).verifySuspectPackage
const advance = async (caseId: string, verb: string, actor: Actor = pic, reference = 'Form 3911') =>
  (await subgraph.data(actor, `mutation ($i: AdvanceSuspectCaseInput!) { advanceSuspectCase(input: $i) { ... on SuspectCasePayload { ${suspect} } ${problem} } }`, { i: { caseId, verb, reference } })).advanceSuspectCase
const lotStatus = async (lotId: string): Promise<string> => (await subgraph.sql<{ status: string }>('select status from lot where id = $1', [lotId]))[0]!.status
const releaseLot = async (lotId: string) =>
  (await subgraph.data(keeper, 'mutation ($i: ChangeLotStatusInput!) { changeLotStatus(input: $i) { ... on LotPayload { lot { status } } ... on Problem { code } } }', { i: { lotId, verb: 'release', reason: 'checked' } })).changeLotStatus

test('a delivery is taken from an authorised trading partner only: registered, licensed that day, and not suspended', async () => {
  const { gtin } = await drugOf()
  const other = await authorisedPartner(subgraph, { gln: '0614141000012', name: 'Bay Drug', licensedUntil: inDays(3) })
  const from = (sellerGln: string, serial: string) => receive(label(gtin, 'LOT1', serial), { sellerGln })
  assert.equal((await from('0614141999996', 'S1')).field, 'sellerGln')
  assert.equal((await from(other.gln, 'S1')).lot.quantityOnHand, 10)
  const change = async (verb: string, actor: Actor = pic) => (await subgraph.graph(actor, 'mutation ($i: ChangeTradingPartnerInput!) { changeTradingPartner(input: $i) { ... on TradingPartnerPayload { partner { status authorised } } ... on Problem { code } } }', { i: { partnerId: other.id, verb, reason: 'audit' } }))
  assert.deepEqual((await change('suspend')).data.changeTradingPartner.partner, { status: 'SUSPENDED', authorised: false })
  assert.equal((await from(other.gln, 'S2')).field, 'sellerGln')
  assert.equal((await change('suspend')).data.changeTradingPartner.code, 'TRANSITION_REFUSED')
  assert.equal((await change('authorize', keeper)).errors?.[0]?.extensions['code'], 'FORBIDDEN')
  await change('authorize')
  try {
    clock.advance(5 * 86_400_000)
    assert.equal((await from(other.gln, 'S2')).field, 'sellerGln', 'the licence has run out')
    await authorisedPartner(subgraph, { gln: other.gln, name: 'Bay Drug', licensedUntil: inDays(365) })
    assert.equal((await from(other.gln, 'S2')).lot.quantityOnHand, 20)
  } finally {
    clock.reset()
  }
  assert.deepEqual([await authorisedPartner(subgraph, { gln: '1' }), await authorisedPartner(subgraph, { name: ' ' })], [{ field: 'gln' }, { field: 'name' }])
})

test('a package without its transaction statement is kept, in quarantine, under investigation', async () => {
  const { gtin } = await drugOf()
  const { lot } = await receive(label(gtin, 'NOTS', 'S1'), { transactionStatement: false })
  assert.deepEqual([lot.status, lot.transactions], ['QUARANTINE', [{ statement: false }]])
  assert.equal((await releaseLot(lot.id)).code, 'SUSPECT_PRODUCT')
})

test('suspect product leaves the shelf with the holds on it, and is cleared by a second person after three packages or a tenth agreed', async () => {
  const { gtin, drugId } = await drugOf()
  const { lot } = await receive(label(gtin, 'SUS1', 'A0'))
  for (const serial of ['A1', 'A2', 'A3']) await receive(label(gtin, 'SUS1', serial))
  await releaseLot(lot.id)
  const [other] = await shelf.stock(drugId, { quantity: 30, expires: inDays(500) })
  const request = requestFor([drugId, 20])
  await transact(orm, (em) => holdStock(em, system, request))
  const { suspectCase: opened } = await report(lot.id)
  assert.deepEqual([opened.status, opened.packagesToVerify, await lotStatus(lot.id)], ['INVESTIGATING', 3, 'QUARANTINE'])
  assert.equal((await report(lot.id)).suspectCase.id, opened.id, 'one case of a lot at a time')
  const moved = await eventually(async () => (await subgraph.emitted('inventory.hold-reallocated.v1')).find(({ orderId }) => orderId === request.orderId), { what: 'the hold on another lot' })
  assert.deepEqual([moved.recallId, moved.allocations.map(({ lotId, quantity }) => [lotId, quantity])], [opened.id, [[other, 20]]])

  assert.equal((await verify(opened.id, '0778-0001-10 SUS1')).field, 'scan')
  for (const serial of ['A0', 'A1', 'A1']) await verify(opened.id, label(gtin, 'SUS1', serial))
  assert.equal((await advance(opened.id, 'clear')).code, 'INVESTIGATION_INCOMPLETE')
  assert.deepEqual((await verify(opened.id, label(gtin, 'SUS1', 'A2'))).suspectCase.verified, 3)
  assert.equal((await advance(opened.id, 'clear', keeper)).code, 'SECOND_PERSON_NEEDED')
  assert.equal((await releaseLot(lot.id)).code, 'SUSPECT_PRODUCT')
  assert.equal((await advance(opened.id, 'clear')).suspectCase.status, 'CLEARED')
  assert.equal((await releaseLot(lot.id)).lot.status, 'AVAILABLE')
  assert.deepEqual([1, 2, 29, 30, 31, 100].map((packages) => packagesToVerify({ packages })), [1, 2, 3, 3, 4, 10])
})

test('a package that is not what it says makes the product illegitimate, and the 24 hours to tell the FDA run', async () => {
  const { gtin } = await drugOf()
  const { lot } = await receive(label(gtin, 'FAKE', 'B1'))
  const { suspectCase: { id } } = await report(lot.id)
  const { suspectCase: differs } = await verify(id, label(gtin, 'FAKE', 'B1', inDays(900)))
  assert.equal(differs.differing, 1)
  assert.equal((await advance(id, 'clear')).code, 'PACKAGES_DIFFER')
  try {
    const { suspectCase: found } = await advance(id, 'declareIllegitimate')
    assert.ok(Math.abs(new Date(found.noticeDueAt).getTime() - clock.now().getTime() - 86_400_000) < 60_000)
    const overdue = async () => (await subgraph.data(pic, '{ suspectCases(status: ILLEGITIMATE) { id overdue } }')).suspectCases.find((one: { id: string }) => one.id === id)?.overdue
    assert.equal(await overdue(), false)
    clock.advance(86_400_000 + 60_000)
    assert.equal(await overdue(), true)
  } finally {
    clock.reset()
  }
  assert.equal((await advance(id, 'notify')).suspectCase.status, 'NOTIFIED')
  assert.equal((await releaseLot(lot.id)).code, 'SUSPECT_PRODUCT')
  assert.equal((await advance(id, 'close')).suspectCase.status, 'CLOSED')
  const told = (await subgraph.emitted('inventory.suspect-case-changed.v1')).filter(({ caseId }) => caseId === id)
  assert.deepEqual(told.map(({ status, noticeDueAt }) => [status, noticeDueAt !== null]), [['INVESTIGATING', false], ['ILLEGITIMATE', true], ['NOTIFIED', true], ['CLOSED', true]])
  assert.deepEqual((await subgraph.graph(actorWith('technician'), '{ suspectCases { id } }')).errors?.[0]?.extensions['code'], 'NOT_FOUND')
})

test('a package or a lot is traced to its seller and to what was dispensed of it, by those who answer for it', async () => {
  const { gtin, drugId } = await drugOf()
  const { lot } = await receive(label(gtin, 'TRACE', 'C1'))
  await receive(label(gtin, 'TRACE', 'C2'), { reference: 'note 2' })
  await releaseLot(lot.id)
  const request = requestFor([drugId, 5])
  await transact(orm, (em) => holdStock(em, system, request))
  await transact(orm, (em) => commitFill(em, system, {
    fillId: newId(), prescriptionId: newId(), orderId: request.orderId, orderLineId: request.lines[0]!.orderLineId, patientId: newId(), drugId, deaSchedule: 'NONE',
    lots: [{ lotId: lot.id, lotNumber: 'TRACE', quantity: 5 }], releasedBy: 'rph', recordHash: 'ab12',
  }))
  const trace = async (fields: object, actor: Actor = keeper) => (await subgraph.graph(actor, 'query ($g: String!, $s: String, $l: String) { traceProduct(gtin: $g, serialNumber: $s, lotNumber: $l) { transactions { reference sellerGln serialNumber } lots { id } quantityDispensed answerDueOn } }', { g: gtin, ...fields }))
  const whole = (await trace({ l: 'trace' })).data.traceProduct
  assert.deepEqual([whole.transactions.map(({ reference }: { reference: string }) => reference), whole.lots, whole.quantityDispensed], [['note 1', 'note 2'], [{ id: lot.id }], 5])
  assert.ok(whole.answerDueOn > inDays(1))
  assert.deepEqual((await trace({ s: 'C2' })).data.traceProduct.transactions, [{ reference: 'note 2', sellerGln: partner.gln, serialNumber: 'C2' }])
  assert.deepEqual((await trace({ s: 'NONE' })).data.traceProduct.lots, [])
  assert.equal((await trace({})).errors?.[0]?.extensions['field'], 'lotNumber')
  assert.equal((await trace({ l: 'TRACE' }, actorWith('pharmacist'))).errors?.[0]?.extensions['code'], 'FORBIDDEN')
})

const order = 'purchaseOrder { id status deaOrderNumber lines { drug { id } quantity received } allowedActions }'
const draft = async (fields: object, actor: Actor = keeper) =>
  (await subgraph.data(actor, `mutation ($i: DraftPurchaseOrderInput!) { draftPurchaseOrder(input: $i) { ... on PurchaseOrderPayload { ${order} } ${problem} } }`, { i: { partnerId: partner.id, locationId: shelf.here, idempotencyKey: newId(), ...fields } })).draftPurchaseOrder
const move = async (purchaseOrderId: string, verb: string, actor: Actor = keeper, fields: object = {}) =>
  (await subgraph.data(actor, `mutation ($i: AdvancePurchaseOrderInput!) { advancePurchaseOrder(input: $i) { ... on PurchaseOrderPayload { ${order} } ${problem} } }`, { i: { purchaseOrderId, verb, ...fields } })).advancePurchaseOrder

test('a purchase order is drafted by one, approved by another, sent, and received in parts by scan', async () => {
  const { drugId, gtin } = await drugOf()
  const key = { lines: [{ drugId, quantity: 30 }], idempotencyKey: 'k1' }
  const { purchaseOrder: { id } } = await draft(key)
  assert.equal((await draft(key)).purchaseOrder.id, id)
  assert.equal((await move(id, 'approve')).code, 'SECOND_PERSON_NEEDED')
  assert.equal((await move(id, 'send', pic)).code, 'TRANSITION_REFUSED')
  await move(id, 'approve', pic)
  const against = (serial: string, fields: object = {}) => receive(label(gtin, 'PO1', serial), { purchaseOrderId: id, ...fields })
  assert.equal((await against('P1')).field, 'purchaseOrderId', 'nothing comes before it was sent')
  assert.equal((await move(id, 'send')).purchaseOrder.status, 'SENT')
  await against('P1')
  await against('P1')
  const state = async () => (await subgraph.data(keeper, `query { purchaseOrders { nodes { id status lines { received } } } }`)).purchaseOrders.nodes.find((one: { id: string }) => one.id === id)
  assert.deepEqual(await state(), { id, status: 'PARTIALLY_RECEIVED', lines: [{ received: 10 }] })
  const stranger = await drugOf()
  assert.equal((await receive(label(stranger.gtin, 'PO2', 'X1'), { purchaseOrderId: id })).field, 'purchaseOrderId')
  assert.equal((await against('P9', { locationId: shelf.there })).field, 'purchaseOrderId')
  await against('P2')
  await against('P3')
  assert.equal((await state()).status, 'RECEIVED')
  assert.equal((await against('P4')).field, 'purchaseOrderId')
  assert.deepEqual((await subgraph.emitted('inventory.purchase-order-status-changed.v1')).filter(({ purchaseOrderId }) => purchaseOrderId === id).map(({ to }) => to), ['DRAFT', 'APPROVED', 'SENT', 'PARTIALLY_RECEIVED', 'PARTIALLY_RECEIVED', 'RECEIVED'])
  const cases: [string, object][] = [
    ['partnerId', { partnerId: newId(), lines: key.lines }], ['locationId', { locationId: newId(), lines: key.lines }], ['lines', { lines: [{ drugId, quantity: 3 }] }],
    ['lines', { lines: [{ drugId: newId(), quantity: 10 }] }], ['lines', { lines: [{ drugId, quantity: 10 }, { drugId, quantity: 10 }] }], ['idempotencyKey', { idempotencyKey: ' ' }],
  ]
  for (const [field, fields] of cases) assert.equal((await draft(fields)).field, field, JSON.stringify(fields))
})

test('schedule II is ordered by its DEA form only', async () => {
  const { drugId } = await drugOf('CII')
  const { purchaseOrder: { id } } = await draft({ lines: [{ drugId, quantity: 10 }] })
  await move(id, 'approve', pic)
  assert.equal((await move(id, 'send')).field, 'deaOrderNumber')
  assert.equal((await move(id, 'send', keeper, { deaOrderNumber: '260000123' })).purchaseOrder.deaOrderNumber, '260000123')
})

test('what was suggested is drafted as it stands, and what was approved counts towards the next suggestion', async () => {
  const { drugId } = await drugOf()
  const [lot] = await shelf.stock(drugId, { quantity: 100, expires: inDays(400) })
  await subgraph.sql(`insert into ledger_entry (id, lot_id, type, delta, reserved_delta, actor, actor_role, correlation_id, at)
    select gen_random_uuid(), $1, 'COMMIT', -10, 0, 'test', 'system', 'test', now() - make_interval(days => n) from generate_series(1, 80) n`, [lot])
  const wanted = async () => (await subgraph.data(keeper, '{ suggestedPurchaseOrders { drug { id } suggestedQuantity position } }')).suggestedPurchaseOrders.find((one: { drug: { id: string } }) => one.drug.id === drugId)
  await subgraph.sql('update lot set quantity_on_hand = 5 where id = $1', [lot])
  const before = await wanted()
  const { purchaseOrder } = await draft({})
  assert.deepEqual(purchaseOrder.lines.find((line: { drug: { id: string } }) => line.drug.id === drugId), { drug: { id: drugId }, quantity: before.suggestedQuantity, received: 0 })
  assert.deepEqual(await wanted(), before, 'a draft promises nothing')
  await move(purchaseOrder.id, 'approve', pic)
  assert.equal(await wanted(), undefined)
  await move(purchaseOrder.id, 'cancel')
  assert.deepEqual(await wanted(), before)
})
