import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newId, systemActor, transact } from '@pharmagraph/platform'
import { startCarrierSandbox } from '../../../dev/src/sandboxes/carrier/server.ts'
import { actorWith, eventually, testSubgraph } from '../../../tests/environment.ts'
import { homes, staff } from './support.ts'
import { carrierAddresses } from '../src/addresses/carrier.ts'
import type { AddressPort } from '../src/addresses/port.ts'
import { createShipment } from '../src/commands/create-shipment.ts'
import { services } from '../src/services.ts'
import { logistics } from '../src/subgraph.ts'

// the sandbox needs our address and we need the sandbox's: ours is asked for at the first call only
const addresses: AddressPort = { check: (address) => carrierAddresses({ url: sandbox.url, apiKey: 'test' }).check(address) }
const subgraph = await testSubgraph({ ...logistics, services: () => ({ ...services(), addresses }) }, { seed: true })
const dataDir = await mkdtemp(join(tmpdir(), 'carrier-'))
const sandbox = await startCarrierSandbox({ dataDir, webhookSecret: 'sécret', publicUrl: new URL(subgraph.url).origin })
after(async () => {
  await sandbox.close()
  await rm(dataDir, { recursive: true, force: true })
})

const carrier = async (path: string, body: object) =>
  (await fetch(`${sandbox.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Basic dGVzdDo=' }, body: JSON.stringify(body) })).json()

test('the carrier\'s address check finds an address of the bay, and refuses one that is not there', async () => {
  const add = async (line1: string) => (await subgraph.data(actorWith('patient', { patientId: newId() }), `mutation { addAddress(input: { recipient: "Ann Lee", line1: "${line1}", line2: "Apartment 4", city: "Oakland", state: "CA", postalCode: "94612" }) {
    ... on AddressPayload { address { line1 line2 postalCode deliverability location { latitude longitude } } } ... on UndeliverableAddress { code message } } }`)).addAddress
  const { address } = await add('1900 Broadway')
  assert.deepEqual([address.line1, address.line2, address.deliverability], ['1900 BROADWAY', 'APT 4', 'DELIVERABLE'])
  assert.match(address.postalCode, /^94612-\d{4}$/)
  assert.ok(Math.abs(address.location.latitude - 37.8) < 0.1 && Math.abs(address.location.longitude + 122.23) < 0.1)
  assert.equal((await add('1 Unknown Street')).code, 'UNDELIVERABLE_ADDRESS')
})

test('the carrier\'s own webhooks move a parcel that was handed to it', async () => {
  const orderId = newId()
  const { patientId, addressId } = homes.mission
  await transact(subgraph.running.orm, (em) => createShipment(em, systemActor('test'), services(), { orderId, patientId, addressId, adultSignature: false, coldChain: false, parcels: 1 }))
  const [row] = await subgraph.sql<{ id: string }>('select id from shipment where order_id = $1', [orderId])
  const place = { street1: '2480 Mission Street', city: 'San Francisco', state: 'CA', zip: '94110', country: 'US' }
  const label = (await carrier('/v2/shipments', { shipment: { to_address: place, from_address: place, parcel: { weight: 10 }, reference: row!.id } })) as { id: string; tracking_code: string }
  for (const status of ['in_transit', 'out_for_delivery', 'delivered']) await carrier(`/control/trackers/${label.id}/advance`, { status, signed_by: 'A LEE' })
  const shipment = await eventually(async () => {
    const answer = (await subgraph.data(staff, `{ shipment(id: "${row!.id}") { status carrier trackingNumber proof { receivedBy } } }`)).shipment
    return answer.status === 'DELIVERED' && answer
  })
  assert.equal(shipment.trackingNumber, label.tracking_code)
  assert.equal(shipment.proof.receivedBy, 'A LEE')
})
