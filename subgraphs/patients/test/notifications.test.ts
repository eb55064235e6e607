import { test } from 'node:test'
import assert from 'node:assert/strict'
import { clock, newId, type EventMap } from '@pharmagraph/platform'
import { actorWith, eventually, testSubgraph } from '../../../tests/environment.ts'
import { messageService, registered } from './support.ts'
import { patients } from '../src/subgraph.ts'
import { templates } from '../src/entities/notification.ts'
import { notificationLifecycle } from '../src/lifecycles/notification.ts'
import { afterQuietHours } from '../src/notify/quiet-hours.ts'
import { textOf } from '../src/notify/texts.ts'

const mail = await messageService()
const subgraph = await testSubgraph(patients, { background: true })

type OrderStatus = EventMap['orders.order-status-changed.v1']['to']
const orderMoved = (patientId: string, to: OrderStatus, orderId = newId()) =>
  subgraph.publish('orders.order-status-changed.v1', orderId, { orderId, patientId, from: 'RX_CHECKED', to, reasonCode: null })
const sentTo = (address: string) => mail.sent.filter(({ to }) => to === address)
const statusesOf = async (patientId: string) => (await subgraph.sql<{ status: string }>('select status from notification where patient_id = $1 order by id', [patientId])).map(({ status }) => status)
const handled = (eventIds: string[]) => eventually(async () => (await subgraph.sql('select 1 from inbox where event_id = any($1)', [eventIds])).length === eventIds.length, { what: 'the events to be handled' })

test('a patient hears of the order and the parcel, once per event, in their language', async () => {
  const { id } = await registered(subgraph, { email: 'once@example.com', preferredLanguage: 'es-US' })
  const [orderId, shipmentId] = [newId(), newId()]
  await orderMoved(id, 'PAYMENT_AUTHORIZED', orderId)
  await eventually(() => sentTo('once@example.com').length === 1, { what: 'the first message' })
  await orderMoved(id, 'RX_CHECKED', orderId)
  for (const to of ['OUT_FOR_DELIVERY', 'DELIVERED'] as const) {
    await subgraph.publish('logistics.shipment-status-changed.v1', shipmentId, { shipmentId, orderId, patientId: id, from: 'PICKED_UP', to, reasonCode: null })
  }
  await eventually(() => sentTo('once@example.com').length === 3, { what: 'three messages' })
  assert.deepEqual(sentTo('once@example.com').map(({ subject }) => subject).sort(), ['Estamos preparando su pedido', 'Su paquete está en camino', 'Su paquete fue entregado'])
  const events = await eventually(async () => {
    const own = (await subgraph.emitted('patients.notification-sent.v1')).filter(({ patientId }) => patientId === id)
    return own.length === 3 && own
  })
  assert.deepEqual(events.map(({ template, channel, reference }) => [template, channel, reference]).sort(), [
    ['DELIVERED', 'EMAIL', shipmentId], ['OUT_FOR_DELIVERY', 'EMAIL', shipmentId], ['PAYMENT_AUTHORIZED', 'EMAIL', orderId],
  ])
})

test('S68 a recall becomes one safety notice that names no drug, and the notice it answers to', async () => {
  const { id } = await registered(subgraph, { email: 'recall@example.com' })
  const [recallId, noticeId] = [newId(), newId()]
  const eventId = await subgraph.publish('inventory.recall-notice-requested.v1', recallId, { noticeId, recallId, patientId: id })
  await subgraph.republish('inventory.recall-notice-requested.v1', recallId, { noticeId, recallId, patientId: id }, eventId)
  const [message] = await eventually(() => sentTo('recall@example.com').length === 1 && sentTo('recall@example.com'), { what: 'the safety notice' })
  assert.equal(message!.subject, 'Please read a safety notice')
  assert.doesNotMatch(JSON.stringify(message), /recall of|lot|drug|medicine|tablet/i)
  const sent = await eventually(async () => (await subgraph.emitted('patients.notification-sent.v1')).find(({ patientId }) => patientId === id))
  assert.deepEqual([sent.template, sent.reference], ['RECALL', noticeId])
})

test('an event that comes twice makes one notification', async () => {
  const { id } = await registered(subgraph, { email: 'twice@example.com' })
  const orderId = newId()
  const eventId = await orderMoved(id, 'CANCELLED', orderId)
  await handled([eventId])
  const { manager, jetstream } = subgraph.running.broker!
  const stored = await manager.streams.getMessage('EVENTS', { last_by_subj: `events.orders.order-status-changed.v1.${orderId}` })
  // a message id of its own gets the same event past the broker's own de-duplication
  await jetstream.publish(stored.subject, stored.data, { msgID: newId() })
  await handled([await orderMoved(id, 'BACKORDERED', orderId)])
  assert.equal((await statusesOf(id)).length, 2)
})

test('S50 S68 without consent a message is dropped with the reason; without a channel, or for somebody unknown, there is none', async () => {
  const refusing = await registered(subgraph, { consents: ['DISPENSING'] })
  const silent = await registered(subgraph)
  await subgraph.data(silent.actor, 'mutation { updateContact(input: { channels: [PUSH] }) { id } }')
  await handled(await Promise.all([refusing.id, silent.id, newId()].map((id) => orderMoved(id, 'CANCELLED'))))
  assert.deepEqual([...(await statusesOf(refusing.id)), ...(await statusesOf(silent.id))], ['DROPPED'])
  const { me } = await subgraph.data(refusing.actor, '{ me { notifications { nodes { template status reason sentAt } } } }')
  assert.deepEqual(me.notifications.nodes, [{ template: 'CANCELLED', status: 'DROPPED', reason: 'NO_CONSENT', sentAt: null }])
})

test('the first channel of the preferences that we can send by is used', async () => {
  const { actor, id } = await registered(subgraph, { phone: '4155550177' })
  await subgraph.data(actor, 'mutation { updateContact(input: { channels: [PUSH, SMS, EMAIL] }) { id } }')
  await orderMoved(id, 'REJECTED')
  const [message] = await eventually(() => sentTo('+14155550177').length === 1 && sentTo('+14155550177'))
  assert.equal(message?.channel, 'sms')
})

test('S50 S68 in quiet hours a message waits and is sent when they end; withdrawing consent drops it at once', async () => {
  const keep = await registered(subgraph, { email: 'keeps@example.com' })
  const withdraw = await registered(subgraph, { email: 'withdraws@example.com' })
  const local = (minutes: number) => new Date(clock.now().getTime() + minutes * 60_000).toISOString().slice(11, 16)
  for (const { actor } of [keep, withdraw]) {
    await subgraph.data(actor, 'mutation ($f: String!, $t: String!) { updateContact(input: { quietFrom: $f, quietTo: $t, timeZone: "UTC" }) { id } }', { f: local(-60), t: local(60) })
  }
  await handled([await orderMoved(keep.id, 'CANCELLED'), await orderMoved(withdraw.id, 'CANCELLED')])
  await subgraph.data(withdraw.actor, 'mutation { setConsent(input: { purpose: NOTIFICATIONS, granted: false, policyVersion: "2026-11" }) { version } }')
  assert.deepEqual([...(await statusesOf(keep.id)), ...(await statusesOf(withdraw.id))], ['QUEUED', 'DROPPED'])
  assert.deepEqual(await subgraph.sql("select n.reason, t.reason as history from notification n join transition t on t.subject_id = n.id where n.patient_id = $1", [withdraw.id]), [{ reason: 'CONSENT_WITHDRAWN', history: 'CONSENT_WITHDRAWN' }])
  try {
    clock.advance(61 * 60_000)
    await eventually(async () => (await statusesOf(keep.id))[0] === 'SENT')
  } finally {
    clock.reset()
  }
  assert.equal(sentTo('keeps@example.com').length, 1)
  assert.equal(sentTo('withdraws@example.com').length, 0)
})

test('a message the service cannot take now is tried again under the same id; one it refuses is given up', async () => {
  const later = await registered(subgraph, { email: 'later@example.com' })
  mail.refuseWith = 503
  await orderMoved(later.id, 'CANCELLED')
  await eventually(async () => (await subgraph.sql<{ attempts: number }>('select attempts from notification where patient_id = $1', [later.id]))[0]?.attempts, { what: 'a failed attempt' })
  mail.refuseWith = undefined
  await eventually(() => sentTo('later@example.com').length === 1, { what: 'the second attempt' })
  const never = await registered(subgraph, { email: 'never@example.com' })
  mail.refuseWith = 422
  await orderMoved(never.id, 'CANCELLED')
  await eventually(async () => (await statusesOf(never.id))[0] === 'FAILED')
  mail.refuseWith = undefined
})

test('S68 a patient hears that something runs out, and of a wish that they can order now or that was declined; of the steps between they do not', async () => {
  const { id } = await registered(subgraph, { email: 'refills@example.com' })
  const [prescriptionId, refillRequestId] = [newId(), newId()]
  const dueSoon = { prescriptionId, patientId: id, runsOutOn: '2026-12-01', refillsLeft: true }
  const eventId = await subgraph.publish('prescriptions.refill-due-soon.v1', prescriptionId, dueSoon)
  await subgraph.republish('prescriptions.refill-due-soon.v1', prescriptionId, dueSoon, eventId)
  for (const [from, to] of [[null, 'REQUESTED'], ['REQUESTED', 'WITH_PRESCRIBER'], ['WITH_PRESCRIBER', 'DECLINED'], ['WAITING', 'READY'], ['READY', 'ORDERED']] as const) {
    await subgraph.publish('prescriptions.refill-request-changed.v1', refillRequestId, { refillRequestId, prescriptionId, patientId: id, origin: 'PATIENT', from, to, reasonCode: 'X', dueOn: null, orderId: null })
  }
  await eventually(() => sentTo('refills@example.com').length === 3, { what: 'three messages' })
  const rows = await subgraph.sql<{ template: string; reference: string }>('select template, reference from notification where patient_id = $1 order by template', [id])
  assert.deepEqual(rows.map(({ template, reference }) => [template, reference]), [['DUE_SOON', prescriptionId], ['REFILL_DECLINED', refillRequestId], ['REFILL_READY', refillRequestId]])
})

test('S68 S71 of an automatic refill the patient hears the plan, a question, a declined card; not the steps between, and not that it is ready', async () => {
  const { id } = await registered(subgraph, { email: 'auto@example.com' })
  const [prescriptionId, autoRefillId] = [newId(), newId()]
  await handled([await subgraph.publish('prescriptions.refill-request-changed.v1', autoRefillId, { refillRequestId: autoRefillId, prescriptionId, patientId: id, origin: 'AUTO', from: 'REQUESTED', to: 'READY', reasonCode: 'REFILL_DUE', dueOn: null, orderId: null })])
  for (const [from, to] of [[null, 'SCHEDULED'], ['SCHEDULED', 'SCHEDULED'], ['SCHEDULED', 'ORDERED'], ['ORDERED', 'PAYMENT_NEEDED'], ['PAYMENT_NEEDED', 'ASKING'], ['ASKING', 'SKIPPED']] as const) {
    await handled([await subgraph.publish('orders.auto-refill-changed.v1', autoRefillId, { autoRefillId, prescriptionId, patientId: id, from, to, reasonCode: null, orderOn: '2026-12-01', orderId: null })])
  }
  const rows = await subgraph.sql<{ template: string; reference: string }>('select template, reference from notification where patient_id = $1 order by id', [id])
  assert.deepEqual(rows.map(({ template, reference }) => [template, reference]), ['AUTO_ORDER_PLANNED', 'AUTO_ORDER_UNPAID', 'AUTO_ORDER_ASKS'].map((template) => [template, autoRefillId]))
})

test('S68 a patient hears that a line was left out of their order, not of one they took out themselves, and that an order waits for their payment', async () => {
  const { id } = await registered(subgraph, { email: 'lines@example.com' })
  const orderId = newId()
  for (const reasonCode of ['PATIENT_ASKED', 'CAREGIVER_ASKED', 'RETURNED_TO_STOCK']) {
    await handled([await subgraph.publish('orders.line-cancelled.v1', orderId, { orderId, orderLineId: newId(), prescriptionId: null, reasonCode, patientId: id })])
  }
  await handled([await subgraph.publish('orders.payment-needed.v1', orderId, { orderId, patientId: id, reasonCode: 'PAYMENT_NEEDED' })])
  const rows = await subgraph.sql<{ template: string; reference: string }>('select template, reference from notification where patient_id = $1 order by id', [id])
  assert.deepEqual(rows, [{ template: 'ORDER_CHANGED', reference: orderId }, { template: 'PAYMENT_NEEDED', reference: orderId }])
})

test('S68 no text of a notification tells anything about health, in any language', () => {
  for (const language of ['en', 'es', 'zh', 'vi', 'fr']) {
    for (const template of templates) {
      const { subject, text } = textOf(template, language)
      assert.doesNotMatch(`${subject} ${text}`, /prescri|receta|medic|drug|pharma|farma|doctor|dose|pill|refill|health|salud|thuốc|bệnh|药|病|医|\{|\d/i)
    }
  }
})

test('quiet hours over midnight and within a day end at their end, in the patient\'s time zone', () => {
  const night = { quietFrom: '21:00', quietTo: '08:00', timeZone: 'America/Los_Angeles' }
  const at = (iso: string, hours: Parameters<typeof afterQuietHours>[1]) => afterQuietHours(new Date(iso), hours).toISOString()
  assert.equal(at('2026-11-23T05:30:30.000Z', night), '2026-11-23T16:00:00.000Z') // 21:30:30 PST
  assert.equal(at('2026-11-23T15:59:59.000Z', night), '2026-11-23T16:00:00.000Z')
  assert.equal(at('2026-11-23T16:00:00.000Z', night), '2026-11-23T16:00:00.000Z')
  assert.equal(at('2026-11-23T20:00:00.000Z', { ...night, quietFrom: '12:00', quietTo: '13:30' }), '2026-11-23T21:30:00.000Z')
  assert.equal(at('2026-11-23T05:30:30.000Z', { ...night, quietFrom: null, quietTo: null }), '2026-11-23T05:30:30.000Z')
})

test('S68 quiet hours end by the clock on the wall, also in the nights when it changes', () => {
  const night = { quietFrom: '21:00', quietTo: '08:00', timeZone: 'America/Los_Angeles' }
  const at = (iso: string, hours: Parameters<typeof afterQuietHours>[1]) => afterQuietHours(new Date(iso), hours).toISOString()
  // 14 March 2027, 02:00 PST becomes 03:00 PDT: from 23:00 PST it is eight hours to 08:00 PDT
  assert.equal(at('2027-03-14T07:00:00.000Z', night), '2027-03-14T15:00:00.000Z')
  // 7 November 2027, 02:00 PDT becomes 01:00 PST: from 23:00 PDT it is ten hours to 08:00 PST
  assert.equal(at('2027-11-07T06:00:00.000Z', night), '2027-11-07T16:00:00.000Z')
  // 02:30 does not exist that night: never before it, and never in the quiet hours again
  const gap = at('2027-03-14T09:00:00.000Z', { ...night, quietTo: '02:30' })
  assert.ok(gap >= '2027-03-14T10:00:00.000Z' && gap <= '2027-03-14T10:30:00.000Z', gap)
  assert.equal(at(gap, { ...night, quietTo: '02:30' }), gap)
  // a zone half an hour off, across the date line
  assert.equal(at('2026-11-23T17:00:00.000Z', { ...night, timeZone: 'Australia/Adelaide' }), '2026-11-23T21:30:00.000Z')
})

test('S68 quiet hours that end when they begin are refused, not taken for none', async () => {
  const { actor } = await registered(subgraph)
  const answer = await subgraph.graph(actor, 'mutation { updateContact(input: { quietFrom: "22:00", quietTo: "22:00" }) { id } }')
  assert.deepEqual([answer.errors?.[0]?.extensions['code'], answer.errors?.[0]?.extensions['field']], ['INVALID_INPUT', 'quietTo'])
})

test('a notification moves by its table only, and only the system moves it', async () => {
  const { apply } = await import('@pharmagraph/platform')
  const roles = ['patient', 'caregiver', 'prescriber', 'technician', 'pharmacist', 'inventory', 'driver', 'support', 'compliance', 'partner', 'system'] as const
  const { table } = notificationLifecycle
  const verbs = Object.keys(table.QUEUED)
  for (const state of Object.keys(table) as (keyof typeof table)[]) {
    for (const verb of verbs) {
      for (const role of roles) {
        const em = subgraph.running.orm.em.fork()
        const subject = { id: newId(), status: state } as never as Parameters<typeof apply>[3]
        const step = table[state][verb]
        const walk = () => apply(em, actorWith(role), notificationLifecycle as never, subject, verb)
        if (!step) assert.throws(walk, { code: 'TRANSITION_REFUSED' })
        else if (role !== 'system') assert.throws(walk, { code: 'FORBIDDEN' })
        else assert.equal(walk().to, step.next)
      }
    }
  }
})

test('S68 the patient hears that somebody answered, once while the message waits, and not of their own words', async () => {
  const { actor, id } = await registered(subgraph, { email: 'answered@example.com' })
  const { postMessage } = await subgraph.data(actor, 'mutation { postMessage(input: { body: "May I ask something?" }) { threadId } }')
  const answer = (body: string) => subgraph.data(actorWith('pharmacist'), 'mutation ($t: ID!, $b: String!) { postMessage(input: { threadId: $t, body: $b }) { id } }', { t: postMessage.threadId, b: body })
  await answer('You may.')
  await eventually(() => sentTo('answered@example.com').length === 1, { what: 'the notice' })
  assert.deepEqual(sentTo('answered@example.com').map(({ text }) => text), ['You have a new message. Sign in to read it.'])
  const local = (minutes: number) => new Date(clock.now().getTime() + minutes * 60_000).toISOString().slice(11, 16)
  await subgraph.data(actor, 'mutation ($f: String!, $t: String!) { updateContact(input: { quietFrom: $f, quietTo: $t, timeZone: "UTC" }) { id } }', { f: local(-60), t: local(60) })
  for (const body of ['One more thing.', 'And another.']) await answer(body)
  assert.deepEqual((await statusesOf(id)).sort(), ['QUEUED', 'SENT'])
})

test('S50 a withdrawal of DISPENSING is told to those who dispense, with its version', async () => {
  const { actor, id } = await registered(subgraph)
  await subgraph.data(actor, 'mutation { setConsent(input: { purpose: DISPENSING, granted: false, policyVersion: "2026-11" }) { version } }')
  const told = (await subgraph.emitted('patients.consent-changed.v1')).filter(({ patientId, purpose }) => patientId === id && purpose === 'DISPENSING')
  assert.deepEqual(told.map(({ granted, version }) => [granted, version]), [[true, 1], [false, 2]])
})

test('S19 a thread is about a prescription of its patient, known from its events, early or repeated ones included', async () => {
  const { actor, id } = await registered(subgraph)
  const [prescriptionId, practitionerId] = [newId(), newId()]
  const moved = { prescriptionId, patientId: id, drugId: null, from: '', to: 'RECEIVED' as const, reasonCode: null, quantity: 30, daysSupply: 30, refillsRemaining: 0, expiryDate: '2027-11-22' }
  await subgraph.publish('prescriptions.prescription-status-changed.v1', prescriptionId, moved)
  const received = { prescriptionId, patientId: null, practitionerId, drugId: null, source: 'PORTAL', contentHash: 'ab12' } as const
  const eventId = await subgraph.publish('prescriptions.prescription-received.v1', prescriptionId, received)
  await subgraph.republish('prescriptions.prescription-received.v1', prescriptionId, received, eventId)
  await eventually(async () => (await subgraph.sql('select 1 from prescription_fact where practitioner_id = $1 and patient_id = $2', [practitionerId, id])).length === 1, { what: 'the prescription to be known' })
  const { postMessage } = await subgraph.data(actor, 'mutation ($p: ID!) { postMessage(input: { prescriptionId: $p, body: "About this one" }) { threadId } }', { p: prescriptionId })
  const { messageThread } = await subgraph.data(actorWith('prescriber', { practitionerId }), 'query ($t: ID!) { messageThread(id: $t) { prescription { id } } }', { t: postMessage.threadId })
  assert.equal(messageThread.prescription.id, prescriptionId)
})
