import { test } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { newId, systemActor, transact } from '@pharmagraph/platform'
import { testSubgraph } from '../../../tests/environment.ts'
import { homes, patientOf, signed } from './support.ts'
import { signatureFits } from '../src/carrier/signature.ts'
import { createShipment } from '../src/commands/create-shipment.ts'
import { services } from '../src/services.ts'
import { logistics } from '../src/subgraph.ts'

const subgraph = await testSubgraph(logistics, { seed: true })
const origin = new URL(subgraph.url).origin
/** A body of the carrier's service as it really comes, kept outside the project: REAL_DATA_DIR, or shared/data beside the repository. */
const sample = resolve(process.env['REAL_DATA_DIR'] ?? resolve(import.meta.dirname, '../../../../shared/data'), 'tracking/easypost-event-body.json')

async function labelled(): Promise<string> {
  const orderId = newId()
  const { patientId, addressId } = homes.mission
  await transact(subgraph.running.orm, (em) => createShipment(em, systemActor('test'), services(), { orderId, patientId, addressId, adultSignature: false, coldChain: false, parcels: 1 }))
  return (await subgraph.sql<{ id: string }>('select id from shipment where order_id = $1', [orderId]))[0]!.id
}

type Report = { id?: string; status: string; at?: string; signedBy?: string; carrier?: string }
const bodyOf = ({ id = newId(), status, at = '2026-11-20T10:00:00Z', signedBy, carrier = 'UPS' }: Report): string =>
  JSON.stringify({
    id, description: 'tracker.updated', object: 'Event',
    result: { object: 'Tracker', tracking_code: '1Z999', carrier, status, signed_by: signedBy ?? null, updated_at: at, tracking_details: [{ status, datetime: at }] },
  })
async function report(shipmentId: string, input: Report, path = `/webhooks/carrier/${shipmentId}`): Promise<[number, string]> {
  const body = bodyOf(input)
  const response = await fetch(`${origin}${path}`, { method: 'POST', body, headers: signed(body) })
  const answer = (await response.json()) as { result?: string; code?: string }
  return [response.status, answer.result ?? answer.code ?? '']
}
const statusOf = async (id: string) => (await subgraph.data(patientOf(homes.mission), `{ shipment(id: "${id}") { status carrier trackingNumber statusReason { code } } }`)).shipment

test('the signature is that of the raw body under the NFKD form of the secret', () => {
  const body = Buffer.from('{"a":"ü"}')
  const header = signed(body.toString())['x-hmac-signature']
  assert.ok(signatureFits(body, header, 'sécret'.normalize('NFC')) && signatureFits(body, header, 'sécret'.normalize('NFD')))
  for (const wrong of [undefined, '', 'hmac-sha256-hex=', header!.slice(0, -1), `${header}0`, header!.replace('hex', 'b64')]) assert.equal(signatureFits(body, wrong, 'sécret'), false)
  assert.equal(signatureFits(Buffer.from('{"a":"u"}'), header, 'sécret'), false)
})

test('S38 a real body of the carrier service has the signature its author publishes', { skip: existsSync(sample) ? false : 'no sample tracking/easypost-event-body.json: set REAL_DATA_DIR' }, () => {
  const body = Buffer.from(readFileSync(sample, 'utf8').replace(/\n$/, ''))
  assert.ok(signatureFits(body, 'hmac-sha256-hex=38f3f53c103713df81616a0a186d77141957323ec21d5fe9363db93840f527db', 'sécret'))
})

test('S38 an unsigned, unreadable or misaddressed report is refused and changes nothing', async () => {
  const id = await labelled()
  const body = bodyOf({ status: 'delivered' })
  const post = async (text: string, headers: Record<string, string>, to = id) => (await fetch(`${origin}/webhooks/carrier/${to}`, { method: 'POST', body: text, headers })).status
  assert.equal(await post(body, {}), 401)
  assert.equal(await post(`${body} `, signed(body)), 401)
  assert.equal(await post('nonsense', signed('nonsense')), 400)
  const empty = JSON.stringify({ id: 'e', description: 'tracker.updated' })
  assert.equal(await post(empty, signed(empty)), 400)
  assert.equal(await post(body, signed(body), newId()), 404)
  assert.equal(await post(body, signed(body), 'nonsense'), 400)
  assert.equal((await statusOf(id)).status, 'LABELLED')
  const other = JSON.stringify({ id: 'e', description: 'batch.updated' })
  assert.equal(await post(other, signed(other)), 200)
})

test('a carrier\'s reports move the parcel; repeats and stale ones do not', async () => {
  const id = await labelled()
  assert.deepEqual(await report(id, { id: 'evt_a', status: 'in_transit', at: '2026-11-20T10:00:00Z' }), [200, 'MOVED'])
  assert.deepEqual(await statusOf(id), { status: 'IN_TRANSIT', carrier: 'UPS', trackingNumber: '1Z999', statusReason: null })
  assert.deepEqual(await report(id, { id: 'evt_a', status: 'out_for_delivery', at: '2026-11-20T11:00:00Z' }), [200, 'REPEATED'])
  assert.deepEqual(await report(id, { status: 'in_transit', at: '2026-11-20T12:00:00Z' }), [200, 'NOTED'])
  assert.deepEqual(await report(id, { status: 'out_for_delivery', at: '2026-11-20T11:59:59Z' }), [200, 'STALE'])
  assert.deepEqual(await report(id, { status: 'pre_transit', at: '2026-11-20T12:00:00Z' }), [200, 'NOT_FOLLOWED'])
  assert.deepEqual(await report(id, { status: 'failure', at: '2026-11-20T13:00:00Z' }), [200, 'MOVED'])
  assert.deepEqual((await statusOf(id)).statusReason, { code: 'CARRIER_EXCEPTION' })
  assert.deepEqual(await report(id, { status: 'out_for_delivery', at: '2026-11-20T13:00:00Z' }), [200, 'STALE'])
  assert.deepEqual(await report(id, { status: 'out_for_delivery', at: '2026-11-21T08:00:00Z' }, `/deliveries/${id}/status`), [200, 'MOVED'])
  assert.deepEqual(await report(id, { status: 'delivered', at: '2026-11-21T09:00:00Z', signedBy: 'M ALVAREZ' }), [200, 'MOVED'])
  const { shipment } = await subgraph.data(patientOf(homes.mission), `{ shipment(id: "${id}") { status actualDelivery proof { kind receivedBy location { latitude } } history { from to verb actorRole } } }`)
  assert.deepEqual([shipment.status, shipment.actualDelivery, shipment.proof], ['DELIVERED', '2026-11-21T09:00:00.000Z', { kind: 'SIGNATURE', receivedBy: 'M ALVAREZ', location: null }])
  assert.deepEqual(shipment.history.map(({ to }: { to: string }) => to), ['CREATED', 'LABELLED', 'IN_TRANSIT', 'EXCEPTION', 'OUT_FOR_DELIVERY', 'DELIVERED'])
  assert.deepEqual(await report(id, { status: 'return_to_sender', at: '2026-11-22T09:00:00Z' }), [409, 'TRANSITION_REFUSED'])
})

test('S38 the same report sent ten times at once moves the parcel once', async () => {
  const id = await labelled()
  const answers = await Promise.all(Array.from({ length: 10 }, () => report(id, { id: 'evt_burst', status: 'delivered' })))
  assert.deepEqual(answers.map(([, result]) => result).sort(), ['MOVED', ...Array.from({ length: 9 }, () => 'REPEATED')])
  const told = (await subgraph.emitted('logistics.shipment-status-changed.v1')).filter((event) => event.shipmentId === id && event.to === 'DELIVERED')
  assert.equal(told.length, 1)
})

test('a parcel in our own driver\'s hands is not moved by a carrier', async () => {
  const id = await labelled()
  for (const status of ['PICKED_UP', 'OUT_FOR_DELIVERY', 'ATTEMPT_FAILED']) {
    await subgraph.sql('update shipment set status = $2 where id = $1', [id, status])
    const [code] = await report(id, { status: 'delivered', at: '2026-11-25T10:00:00Z' })
    assert.deepEqual([code, (await statusOf(id)).status], [409, status])
  }
})
