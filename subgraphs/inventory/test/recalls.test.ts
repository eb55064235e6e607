import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId, transact, type Actor, type AppError, type EventMap, type Role } from '@pharmagraph/platform'
import { actorWith, eventually, testSubgraph } from '../../../tests/environment.ts'
import { answerRecallNotice } from '../src/commands/answer-recall-notice.ts'
import { holdStock } from '../src/commands/hold-stock.ts'
import { requestNotices } from '../src/commands/request-notices.ts'
import { dispenseHash } from '../src/commands/record-dispensing.ts'
import { DispenseRecord } from '../src/entities/dispense-record.ts'
import { noticeStatuses, RecallNotice } from '../src/entities/recall.ts'
import { recallNoticeLifecycle } from '../src/lifecycles/recall.ts'
import { inventory } from '../src/subgraph.ts'
import { inDays, keeper, requestFor, stockedShelf, system, type StockRequest } from './shelf.ts'

const subgraph = await testSubgraph(inventory, { background: true })
const { orm } = subgraph.running
const shelf = await stockedShelf(subgraph)

const recallMutation = `mutation ($i: RecallLotsInput!) { recallLots(input: $i) { ... on RecallPayload { recall { id status recallClass lotNumbers lots { id status } } } ... on Problem { code } ... on InvalidInput { field } } }`
const recall = async (batchNumbers: string[], fields: object = {}) =>
  (await subgraph.data(keeper, recallMutation, { i: { reference: `D-${newId()}`, ndcs: ['00591-0369-01'], lotNumbers: batchNumbers, recallClass: 'II', reason: 'subpotent', ...fields } })).recallLots
const batchOf = async (lotId: string) => (await subgraph.sql<{ batch_number: string }>('select batch_number from lot where id = $1', [lotId]))[0]!.batch_number
const hold = (request: StockRequest) => transact(orm, (em) => holdStock(em, system, request))
const about = async <Type extends keyof EventMap & string>(type: Type, orderId: string) => (await subgraph.emitted(type)).filter((data) => (data as { orderId: string }).orderId === orderId)
const statusOf = async ({ orderId }: StockRequest) => (await subgraph.sql<{ status: string }>('select status from reservation where order_id = $1', [orderId]))[0]?.status

/** Releases the first line's fill from one lot; answers the patient. */
async function release(request: StockRequest, lotId: string): Promise<{ patientId: string; fillId: string }> {
  const { orderId } = request
  const line = request.lines[0]!
  const [patientId, fillId] = [newId(), newId()]
  await subgraph.publish('prescriptions.fill-released.v1', fillId, {
    fillId, prescriptionId: newId(), orderId, orderLineId: line.orderLineId, patientId, drugId: line.drugId, deaSchedule: 'NONE',
    lots: [{ lotId, lotNumber: 'B0', quantity: line.quantity }], releasedBy: 'rph-1', recordHash: 'ab12',
  })
  await eventually(async () => (await statusOf(request)) === 'COMMITTED')
  return { patientId, fillId }
}
async function ship({ orderId }: StockRequest, patientId: string): Promise<void> {
  await subgraph.publish('orders.order-status-changed.v1', orderId, { orderId, patientId, from: 'PAYMENT_CAPTURED', to: 'SHIPPED', reasonCode: null })
  await eventually(async () => (await subgraph.sql('select 1 from stock_request where id = $1 and shipped_at is not null', [orderId])).length)
}

const list = `query ($id: ID!) { recall(id: $id) { parcelsToStop { id } progress { patients requested acknowledged unreachable } affectedFills { fillId order { id } patient { id } quantity shippedAt lot { batchNumber expiryDate } notice { status } } } }`

test('a recall takes its lots off sale at once, moves holds to lots that keep as long, and tells the line that none can serve', async () => {
  const drug = await shelf.drug()
  const [recalled, other, tooYoung] = await shelf.stock(drug, { quantity: 60, expires: inDays(200) }, { quantity: 40, expires: inDays(300) }, { quantity: 90, expires: inDays(60) }) as [string, string, string]
  const [moved, lost] = [requestFor([drug, 30]), requestFor([drug, 30])]
  await hold(moved)
  await hold(lost)
  const { recall: opened } = await recall([(await batchOf(recalled)).toLowerCase()])
  assert.deepEqual(opened.lots, [{ id: recalled, status: 'RECALLED' }])

  await eventually(async () => (await statusOf(lost)) === 'LOST')
  const [told] = await about('inventory.hold-reallocated.v1', moved.orderId)
  assert.deepEqual(told!.allocations.map(({ lotId, quantity }) => [lotId, quantity]), [[other, 30]])
  const [short] = await about('inventory.hold-lost.v1', lost.orderId)
  assert.deepEqual([short!.orderLineId, short!.requested, short!.available, short!.recallId], [lost.lines[0]!.orderLineId, 30, 10, opened.id])
  assert.deepEqual(await shelf.balances(recalled, other, tooYoung), [{ onHand: 60, reserved: 0 }, { onHand: 40, reserved: 30 }, { onHand: 90, reserved: 0 }])

  await shelf.stock(drug, { quantity: 30, expires: inDays(300) })
  await hold(lost)
  assert.equal(await statusOf(lost), 'HELD', 'asked for again once there is stock, the line is held again')
})

test('the same recall opened twice is one recall; with other lots, or what cannot be read, it is refused with the field named', async () => {
  const drug = await shelf.drug()
  const [lot] = await shelf.stock(drug, { quantity: 10, expires: inDays(200) }) as [string]
  const reference = `D-${newId()}`
  const batch = await batchOf(lot)
  const [first, again] = await Promise.all([recall([batch], { reference }), recall([batch], { reference })])
  assert.equal(again.recall.id, first.recall.id)
  const cases: [string, string[], object][] = [
    ['reference', ['OTHER'], { reference }], ['reference', [batch], { reference: ' ' }], ['ndcs', [batch], { ndcs: [] }], ['ndcs', [batch], { ndcs: ['0591036901'] }],
    ['lotNumbers', [], {}], ['lotNumbers', ['no way'], {}], ['reason', [batch], { reason: '' }],
  ]
  for (const [field, batches, fields] of cases) assert.equal((await recall(batches, fields)).field, field, JSON.stringify([batches, fields]))
  assert.equal((await subgraph.graph(actorWith('technician'), recallMutation, { i: { reference: 'x', ndcs: ['00591-0369-01'], lotNumbers: ['A'], recallClass: 'I', reason: 'x' } })).errors?.[0]?.extensions['code'], 'NOT_FOUND')
})

test('one query lists everybody who has units of a recalled lot and the parcels to stop; each person is told once, and it is known who knows', async () => {
  const drug = await shelf.drug()
  const [lot] = await shelf.stock(drug, { quantity: 100, expires: inDays(200) }) as [string]
  const [shipped, packed, cancelled, late] = [requestFor([drug, 10]), requestFor([drug, 11]), requestFor([drug, 12]), requestFor([drug, 13])]
  for (const request of [shipped, packed, cancelled, late]) await hold(request)
  const [had, waits] = [await release(shipped, lot), await release(packed, lot)]
  await release(cancelled, lot)
  await ship(shipped, had.patientId)
  await subgraph.publish('orders.order-cancelled.v1', cancelled.orderId, { orderId: cancelled.orderId, patientId: newId(), reasonCode: 'PATIENT_CANCELLED' })
  await eventually(async () => (await statusOf(cancelled)) === 'RELEASED')

  const { recall: { id } } = await recall([await batchOf(lot)])
  await eventually(async () => (await about('inventory.parcel-stop-requested.v1', packed.orderId)).length)
  await eventually(async () => (await statusOf(late)) === 'LOST')
  await release(late, lot) // it was in the pharmacist's hand already
  assert.deepEqual((await about('inventory.parcel-stop-requested.v1', late.orderId)).map(({ recallId }) => recallId), [id])

  await transact(orm, (em) => requestNotices(em, system))
  await transact(orm, (em) => requestNotices(em, system))
  const { recall: seen } = await subgraph.data(actorWith('pharmacist'), list, { id })
  const [first] = seen.affectedFills
  assert.deepEqual({ ...first, shippedAt: first.shippedAt !== null }, {
    fillId: had.fillId, order: { id: shipped.orderId }, patient: { id: had.patientId }, quantity: 10, shippedAt: true, lot: { batchNumber: await batchOf(lot), expiryDate: inDays(200) }, notice: { status: 'REQUESTED' },
  })
  assert.deepEqual(seen.affectedFills.slice(1).map(({ quantity, shippedAt, notice }: Record<string, unknown>) => [quantity, shippedAt, notice]), [[11, null, null], [13, null, null]])
  assert.deepEqual(seen.parcelsToStop, [{ id: packed.orderId }, { id: late.orderId }])
  assert.deepEqual(seen.progress, { patients: 3, requested: 1, acknowledged: 0, unreachable: 0 })
  assert.deepEqual((await subgraph.emitted('inventory.recall-notice-requested.v1')).filter(({ recallId }) => recallId === id).map(({ patientId }) => patientId), [had.patientId])

  // a parcel that could not be stopped: its patient is told too
  await ship(packed, waits.patientId)
  await transact(orm, (em) => requestNotices(em, system))
  assert.equal((await subgraph.data(keeper, list, { id })).recall.progress.requested, 2)

  // a message went to one of them; somebody else's message about something else does not count
  const [told] = (await subgraph.emitted('inventory.recall-notice-requested.v1')).filter(({ recallId }) => recallId === id)
  const sent = (template: string) => subgraph.publish('patients.notification-sent.v1', newId(), { notificationId: newId(), patientId: had.patientId, channel: 'EMAIL', template, reference: told!.noticeId })
  await sent('DELIVERED')
  await sent('RECALL')
  await eventually(async () => (await subgraph.data(keeper, 'query ($id: ID!) { recall(id: $id) { progress { notified } } }', { id })).recall.progress.notified === 1)

  const patient = actorWith('patient', { patientId: had.patientId })
  const { myRecallNotices } = await subgraph.data(patient, '{ myRecallNotices { id reason recallClass lotNumbers patient { id } allowedActions } }')
  assert.deepEqual(myRecallNotices.map(({ reason, lotNumbers, allowedActions }: Record<string, unknown>) => [reason, lotNumbers, allowedActions]), [['subpotent', [(await batchOf(lot)).toUpperCase()], ['acknowledge']]])
  const answer = (actor: Actor, noticeId: string, verb: string) =>
    subgraph.graph(actor, 'mutation ($i: AnswerRecallNoticeInput!) { answerRecallNotice(input: $i) { ... on RecallNoticePayload { notice { status answeredAt } } ... on Problem { code } } }', { i: { noticeId, verb } })
  assert.equal((await answer(actorWith('patient', { patientId: newId() }), myRecallNotices[0].id, 'acknowledge')).errors?.[0]?.extensions['code'], 'NOT_FOUND')
  const inWords = await subgraph.graph(patient, 'mutation ($id: ID!) { answerRecallNotice(input: { noticeId: $id, verb: "acknowledge", note: "I felt ill after it" }) { ... on Problem { code } } }', { id: myRecallNotices[0].id })
  assert.equal(inWords.data?.answerRecallNotice?.code ?? inWords.errors?.[0]?.extensions['code'], 'INVALID_INPUT', 'what a patient writes about themselves is not kept here')
  assert.equal((await answer(patient, myRecallNotices[0].id, 'acknowledge')).data.answerRecallNotice.notice.status, 'ACKNOWLEDGED')
  const close = () => subgraph.data(keeper, 'mutation ($id: ID!) { closeRecall(recallId: $id) { ... on RecallPayload { recall { status } } ... on Problem { code message } } }', { id })
  assert.match((await close()).closeRecall.message, /^2 people/)
  const [open] = await subgraph.sql<{ id: string }>('select id from recall_notice where recall_id = $1 and patient_id = $2', [id, waits.patientId])
  assert.equal((await answer(actorWith('support'), open!.id, 'giveUp')).data.answerRecallNotice.notice.status, 'UNREACHABLE')
  await subgraph.publish('orders.order-cancelled.v1', late.orderId, { orderId: late.orderId, patientId: newId(), reasonCode: 'PATIENT_CANCELLED' })
  await eventually(async () => (await statusOf(late)) === 'RELEASED')
  assert.equal((await close()).closeRecall.recall.status, 'CLOSED')
})

test('who has a recalled medicine is shown to those who trace recalls and to nobody else', async () => {
  const { recall: { id } } = await recall(['NONE1'])
  for (const role of ['pharmacist', 'pharmacist-in-charge', 'inventory', 'compliance'] as const) assert.deepEqual((await subgraph.data(actorWith(role), list, { id })).recall.affectedFills, [])
  for (const role of ['patient', 'prescriber', 'technician', 'driver', 'support', 'partner'] as const) {
    const { data } = await subgraph.graph(actorWith(role, { patientId: newId() }), `query ($id: ID!) { recall(id: $id) { id } recalls { nodes { id } } _entities(representations: [{ __typename: "Recall", id: "${id}" }]) { ... on Recall { id } } }`, { id })
    assert.deepEqual(data, { recall: null, recalls: { nodes: [] }, _entities: [null] }, role)
  }
})

test('a delivery of a lot under an open recall goes to the recalled shelf', async () => {
  const drug = await shelf.drug()
  await recall(['LATE77'])
  const { receiveStock } = await subgraph.data(keeper, 'mutation ($i: ReceiveStockInput!) { receiveStock(input: $i) { ... on LotPayload { lot { status } } } }', {
    i: { drugId: drug, locationId: shelf.here, batchNumber: 'late77', expiryDate: inDays(400), quantity: 10, reference: 'note' },
  })
  assert.equal(receiveStock.lot.status, 'RECALLED')
})

test('a notice is answered along its lifecycle only, by those whom the table allows', async () => {
  const roles: Role[] = ['patient', 'prescriber', 'technician', 'pharmacist', 'pharmacist-in-charge', 'inventory', 'driver', 'support', 'compliance', 'partner']
  const { recall: { id: recallId } } = await recall(['NONE2'])
  const undo = new Error('undo')
  const patientId = newId()
  for (const status of noticeStatuses) for (const verb of ['acknowledge', 'giveUp']) for (const role of roles) {
    let seen = ''
    await orm.em.fork().transactional(async (em) => {
      const notice = em.create(RecallNotice, { id: newId(), recallId, patientId, status, requestedAt: new Date(), notifiedAt: null, answeredAt: null })
      await em.flush()
      seen = await answerRecallNotice(em, actorWith(role, { patientId }), { noticeId: notice.id, verb }).then((done) => done.status, ({ code }: AppError) => code)
      throw undo
    }).catch((error: unknown) => {
      if (error !== undo) throw error
    })
    const step = recallNoticeLifecycle.table[status][verb]
    const may = ['patient', 'pharmacist', 'pharmacist-in-charge', 'inventory', 'support'].includes(role)
    const expected = may ? (step ? (step.by.includes(role) ? step.next : 'FORBIDDEN') : 'TRANSITION_REFUSED') : role === 'compliance' ? 'FORBIDDEN' : 'NOT_FOUND'
    assert.equal(seen, expected, `${status} ${verb} by ${role}`)
  }
})

test('S55 every dispensing is recorded with lot, expiry, people and a hash, and the record cannot be changed', async () => {
  const drug = await shelf.drug()
  const [lot] = await shelf.stock(drug, { quantity: 100, expires: inDays(200) }) as [string]
  const request = requestFor([drug, 10])
  await hold(request)
  const { patientId, fillId } = await release(request, lot)
  const record = await orm.em.fork().findOneOrFail(DispenseRecord, { orderId: request.orderId })
  assert.deepEqual([record.patientId, record.fillId, record.expiryDate, record.batchNumber, record.releasedBy, record.fillRecordHash], [patientId, fillId, inDays(200), await batchOf(lot), 'rph-1', 'ab12'])
  assert.equal(record.hash, dispenseHash(record))
  for (const statement of ['update dispense_record set quantity = 1', 'delete from dispense_record', 'truncate dispense_record']) await assert.rejects(subgraph.sql(statement), /append-only/)
})

test('a line without a prescription is traced to its buyer as well', async () => {
  const drug = await shelf.drug()
  const [lot] = await shelf.stock(drug, { quantity: 10, expires: inDays(200) }) as [string]
  const request = requestFor([drug, 2, null])
  const patientId = newId()
  await hold(request)
  await subgraph.publish('orders.order-released.v1', request.orderId, { orderId: request.orderId, patientId, orderLineIds: [request.lines[0]!.orderLineId] })
  await eventually(async () => (await statusOf(request)) === 'COMMITTED')
  const { recall: { id } } = await recall([await batchOf(lot)])
  assert.deepEqual((await subgraph.data(keeper, list, { id })).recall.affectedFills.map(({ fillId, patient }: Record<string, unknown>) => [fillId, patient]), [[null, { id: patientId }]])
})

test('a hold is extended by the version it was read at; the second of two who extend is told to read again', async () => {
  const drug = await shelf.drug()
  await shelf.stock(drug, { quantity: 10, expires: inDays(200) })
  const request = requestFor([drug, 2])
  await hold(request)
  const [row] = await subgraph.sql<{ id: string; version: number }>('select id, version from reservation where order_id = $1', [request.orderId])
  const until = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
  const extend = async (version: number, days: number, actor = keeper) =>
    (await subgraph.graph(actor, 'mutation ($i: ExtendHoldInput!) { extendHold(input: $i) { __typename ... on ReservationPayload { reservation { version expiresAt } } ... on StaleVersion { currentVersion } ... on InvalidInput { field } } }', { i: { reservationId: row!.id, version, until: until(days) } }))
  const answers = await Promise.all([extend(row!.version, 10), extend(row!.version, 11)])
  assert.deepEqual(answers.map(({ data }) => data.extendHold.__typename).sort(), ['ReservationPayload', 'StaleVersion'])
  assert.equal(answers.find(({ data }) => data.extendHold.__typename === 'StaleVersion')!.data.extendHold.currentVersion, row!.version + 1)
  for (const days of [1, 31]) assert.equal((await extend(row!.version + 1, days)).data.extendHold.field, 'until')
  assert.equal((await extend(1, 12, actorWith('technician'))).errors?.[0]?.extensions['code'], 'FORBIDDEN')
})

test('after all of it the ledger still adds up', async () => {
  const { ledgerProof } = await subgraph.data(keeper, '{ ledgerProof { mismatches { lot { id } } } }')
  assert.deepEqual(ledgerProof.mismatches, [])
})
