import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { BAY_AREA, normalise, verify } from '../../src/sandboxes/carrier/addresses.ts'
import { startCarrierSandbox, type CarrierSandboxOptions } from '../../src/sandboxes/carrier/server.ts'
import { carrierSignature } from '../../src/sandboxes/carrier/signature.ts'
import { eventually, FAST, post, readSample, receiver, temporaryFolder, without } from './support.ts'

const SECRET = 'carrier-sécret'
const KEY = { authorization: `Basic ${Buffer.from('EZTK_sandbox:').toString('base64')}` }
const TO = { name: 'Avery Stone', street1: '417 Montgomery Street, 5th floor', city: 'San Francisco', state: 'California', zip: '94104' }
const FROM = { company: 'Pharmagraph', street1: '2224 Old Middlefield Way', city: 'Mountain View', state: 'CA', zip: '94043' }

async function carrier(t: TestContext, options: Partial<CarrierSandboxOptions> = {}): Promise<string> {
  const sandbox = await startCarrierSandbox({ dataDir: temporaryFolder(t), webhookSecret: SECRET, backoff: FAST, ...options })
  t.after(() => sandbox.close())
  return sandbox.url
}

const ship = async (url: string, extra: object = {}): Promise<any> =>
  (await post(`${url}/v2/shipments`, { shipment: { to_address: TO, from_address: FROM, parcel: { weight: 12 }, reference: 'shipment-1', ...extra } }, KEY)).json

async function get(url: string): Promise<{ status: number; json: any }> {
  const response = await fetch(url, { headers: KEY })
  return { status: response.status, json: await response.json() }
}

test('a shipment buys the cheapest label, or the service asked for', async (t) => {
  const url = await carrier(t)
  const shipment = await ship(url)
  assert.match(shipment.id, /^shp_[0-9a-f]{32}$/)
  assert.deepEqual([shipment.selected_rate.carrier, shipment.selected_rate.service], ['USPS', 'GroundAdvantage'])
  assert.deepEqual(shipment.fees.map(({ type, amount }: { type: string; amount: string }) => [type, amount]), [['LabelFee', '0.00000'], ['PostageFee', '5.55000']])
  assert.equal(shipment.to_address.street1, '417 MONTGOMERY ST 5TH FL')
  assert.equal(shipment.tracker.status, 'pre_transit')
  const label = await fetch(shipment.postage_label.label_url)
  assert.match(await label.text(), new RegExp(shipment.tracking_code))

  const overnight = await ship(url, { service: 'NextDayAir', reference: 'shipment-2' })
  assert.match(overnight.tracking_code, /^1Z/)
  assert.equal((await get(`${url}/v2/shipments/shipment-2`)).json.id, overnight.id, 'a lost answer is found by our own reference')
  assert.equal((await get(`${url}/v2/trackers/${shipment.tracking_code}`)).json.id, shipment.tracker.id)
  assert.equal((await get(`${url}/v2/trackers?tracking_code=${overnight.tracking_code}`)).json.trackers.length, 1)
})

test('a label not yet scanned is refunded once', async (t) => {
  const url = await carrier(t)
  await ship(url)
  assert.equal((await post(`${url}/v2/shipments/shipment-1/refund`, {}, KEY)).json.refund_status, 'submitted')
  assert.equal((await post(`${url}/v2/shipments/shipment-1/refund`, {}, KEY)).json.error.code, 'SHIPMENT.REFUND.UNAVAILABLE')
})

test('bad calls are refused in the shape of EasyPost', async (t) => {
  const url = await carrier(t)
  assert.equal((await post(`${url}/v2/shipments`, {})).status, 401)
  const blank = await post(`${url}/v2/shipments`, { shipment: { to_address: TO, from_address: FROM, parcel: {} } }, KEY)
  assert.deepEqual([blank.status, blank.json.error.code, blank.json.error.errors[0].field], [422, 'PARAMETER.REQUIRED', 'parcel.weight'])
  assert.equal((await ship(url, { service: 'Pigeon' })).error.code, 'SHIPMENT.POSTAGE.FAILURE')
  assert.deepEqual((await get(`${url}/v2/trackers/none`)).json.error.code, 'NOT_FOUND')
})

test('every scan is told to the pharmacy in a signed event', async (t) => {
  const pharmacy = await receiver(t)
  const url = await carrier(t, { publicUrl: pharmacy.url })
  const shipment = await ship(url)
  const steps = ['in_transit', 'out_for_delivery', 'failure', 'out_for_delivery', 'delivered']
  for (const status of steps) await post(`${url}/control/trackers/${shipment.tracker.id}/advance`, { status, ...(status === 'delivered' && { signed_by: 'A STONE' }) })
  await eventually('five events', () => pharmacy.received.length === 5)
  const events = pharmacy.received.map(({ path, headers, body }) => {
    assert.equal(path, '/webhooks/carrier/shipment-1')
    assert.equal(headers['x-hmac-signature'], carrierSignature(body, SECRET))
    return JSON.parse(body)
  })
  assert.deepEqual(events.map(({ result }) => result.status), steps)
  assert.deepEqual(events.map(({ previous_attributes }) => previous_attributes.status), ['pre_transit', ...steps.slice(0, -1)])
  const { result } = events[4]
  assert.deepEqual([result.signed_by, result.finalized, result.tracking_details.length], ['A STONE', true, 6])
  assert.equal((await get(`${url}/v2/shipments/${shipment.id}`)).json.status, 'delivered')
})

test('a scan reported late takes its place in time and leaves the status alone', async (t) => {
  const url = await carrier(t)
  const { tracker } = await ship(url)
  await post(`${url}/control/trackers/${tracker.id}/advance`, { status: 'delivered' })
  const late = await post(`${url}/control/trackers/${tracker.id}/advance`, { status: 'in_transit', at: '2020-01-01T00:00:00Z' })
  assert.deepEqual([late.json.status, late.json.tracking_details[0].status], ['delivered', 'in_transit'])
  const wrong = await post(`${url}/control/trackers/${tracker.id}/advance`, { status: 'lost in space' })
  assert.equal(wrong.status, 400)
})

const EVENT = 'tracking/easypost-event-body.json'
test(`the signature and the shape of an event are those of a real one (${EVENT})`, { skip: without(EVENT) }, async (t) => {
  const sample = readSample(EVENT).trimEnd()
  assert.equal(carrierSignature(sample, 'sécret'), 'hmac-sha256-hex=38f3f53c103713df81616a0a186d77141957323ec21d5fe9363db93840f527db')
  assert.equal(carrierSignature(sample, 'sécret'.normalize('NFD')), carrierSignature(sample, 'sécret'.normalize('NFC')))

  const pharmacy = await receiver(t)
  const url = await carrier(t, { publicUrl: pharmacy.url })
  const { tracker } = await ship(url)
  await post(`${url}/control/trackers/${tracker.id}/advance`, { status: 'in_transit' })
  const { body } = await eventually('the event', () => pharmacy.received[0])
  const lacking = (theirs: any, ours: any, path: string): string[] =>
    Object.entries(theirs).flatMap(([key, value]) => {
      if (!(key in ours)) return [`${path}/${key}`]
      return value && typeof value === 'object' && ours[key] ? lacking(Array.isArray(value) ? [value[0]] : value, ours[key], `${path}/${key}`) : []
    })
  const { pending_urls, completed_urls, ...theirs } = JSON.parse(sample)
  assert.deepEqual(lacking(theirs, JSON.parse(body), ''), [])
})

test('addresses are brought into postal form', () => {
  assert.deepEqual(normalise({ street1: ' 560  penstock drive ', city: 'grass valley', state: 'ca', zip: '95945' }), {
    street1: '560 PENSTOCK DR', street2: '', city: 'GRASS VALLEY', state: 'CA', zip: '95945', country: 'US',
  })
  const unit = normalise({ street1: '1 North Market Street', street2: 'apartment #12', city: 'San Jose', state: 'California', zip: '95113' })
  assert.deepEqual([unit.street1, unit.street2, unit.state], ['1 N MARKET ST', 'APT 12', 'CA'])
  assert.equal(normalise({ street1: 'P.O. Box 44', city: 'Oakland', state: 'CA', zip: '94601' }).street1, 'PO BOX 44')
})

test('a deliverable address gets a ZIP+4 and invented coordinates, always the same and always in the Bay Area', () => {
  const first = verify({ street1: '560 Penstock Drive', city: 'Oakland', state: 'CA', zip: '94601' })
  const second = verify({ street1: '560 penstock dr.', city: 'OAKLAND', state: 'California', zip: '94601' })
  assert.deepEqual(second, first)
  assert.match(first.address.zip, /^94601-\d{4}$/)
  for (let house = 1; house < 200; house += 1) {
    const { details } = verify({ street1: `${house} Main Street`, city: house % 2 ? 'Elsewhere' : 'San Jose', state: 'CA', zip: '95112' }).verification
    assert.ok(details?.invented)
    assert.ok(details.latitude > BAY_AREA.south && details.latitude < BAY_AREA.north, String(details.latitude))
    assert.ok(details.longitude > BAY_AREA.west && details.longitude < BAY_AREA.east, String(details.longitude))
  }
})

test('what is wrong with an address is named field by field', async (t) => {
  const url = await carrier(t)
  const check = async (address: object, how = 'verify'): Promise<{ status: number; json: any }> => post(`${url}/v2/addresses`, { address, [how]: true }, KEY)
  const codes = async (address: object): Promise<string[]> =>
    (await check(address)).json.verifications.delivery.errors.map(({ code, field }: { code: string; field: string }) => `${field} ${code}`)
  assert.deepEqual(await codes({ ...TO, street1: 'UNDELIVERABLE ST' }), ['street1 E.HOUSE_NUMBER.MISSING', 'address E.ADDRESS.NOT_FOUND'])
  assert.deepEqual(await codes({ ...TO, state: 'ZZ', zip: '1' }), ['state E.STATE.INVALID', 'zip E.ZIP.INVALID'])
  assert.deepEqual(await codes({ ...TO, zip: '10001' }), ['zip E.CITY_STATE.INVALID'])
  assert.deepEqual(await codes({ street1: '', city: '', state: 'CA', zip: '94104' }), ['street1 E.STREET.MISSING', 'city E.CITY.MISSING'])
  const strict = await check({ ...TO, state: 'ZZ' }, 'verify_strict')
  assert.deepEqual([strict.status, strict.json.error.code], [422, 'ADDRESS.VERIFY.FAILURE'])
  const good = await check(TO)
  assert.deepEqual([good.status, good.json.verifications.delivery.success], [201, true])
  assert.deepEqual((await get(`${url}/v2/addresses/${good.json.id}`)).json, good.json)
  assert.deepEqual((await post(`${url}/v2/addresses`, { address: TO }, KEY)).json.verifications, {}, 'nothing is verified unasked')
})
