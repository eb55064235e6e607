/** Settings, a carrier, and a fleet for the tests of this subgraph. */
import { after } from 'node:test'
import { createHmac, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { newId, type Actor } from '@pharmagraph/platform'
import { actorWith, eventually, type SubgraphUnderTest } from '../../../tests/environment.ts'

process.env['KEK'] = randomBytes(32).toString('base64')
process.env['CARRIER_URL'] = 'http://127.0.0.1:9'
process.env['CARRIER_WEBHOOK_SECRET'] = 'sécret'

export type AddressAnswer = { status?: number; body?: object }

/** An address service that answers what `next` says; what it was asked is in `asked`. */
export async function addressService(): Promise<{ asked: { authorization: string; body: Record<string, unknown> }[]; next: AddressAnswer }> {
  const service = { asked: [] as { authorization: string; body: Record<string, unknown> }[], next: {} as AddressAnswer }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    service.asked.push({ authorization: String(request.headers.authorization), body: JSON.parse(Buffer.concat(chunks).toString()) })
    response.writeHead(service.next.status ?? 201, { 'content-type': 'application/json' }).end(JSON.stringify(service.next.body ?? {}))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  process.env['CARRIER_URL'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  after(() => void server.close())
  return service
}

/** Demo addresses of dev/data/places.json with their patients. */
export const homes = {
  mission: { patientId: '01990000-0000-7000-8000-000000000101', addressId: '01990000-0000-7000-8000-000000000711', latitude: 37.7525, longitude: -122.415 },
  clement: { patientId: '01990000-0000-7000-8000-000000000102', addressId: '01990000-0000-7000-8000-000000000712', latitude: 37.7825, longitude: -122.4715 },
  telegraph: { patientId: '01990000-0000-7000-8000-000000000103', addressId: '01990000-0000-7000-8000-000000000713', latitude: 37.8355, longitude: -122.2628 },
}
export const depots = { mission: '01990000-0000-7000-8000-000000000601', oakland: '01990000-0000-7000-8000-000000000602' }
export const patientOf = (home: { patientId: string }): Actor => actorWith('patient', { patientId: home.patientId })
export const driver = (driverId: string): Actor => actorWith('driver', { driverId })
export const staff = actorWith('technician')

export type Order = { patientId: string; addressId: string; adultSignature?: boolean; coldChain?: boolean; parcels?: number }

/** Tells of a paid order; answers the order's id and the event's. */
export async function orderPaid(subgraph: SubgraphUnderTest, { patientId, addressId, adultSignature = false, coldChain = false, parcels = 1 }: Order): Promise<string> {
  const orderId = newId()
  await subgraph.publish('orders.order-paid.v1', orderId, { orderId, patientId, addressId, adultSignature, coldChain, parcels })
  return orderId
}

export type ShipmentRow = { id: string; order_id: string; status: string; driver_id: string; route_id: string; tracking_number: string; depot_id: string; reason_code: string | null; attempts: number; carrier: string }

export const shipmentOf = (subgraph: SubgraphUnderTest, orderId: string, status: string): Promise<ShipmentRow> =>
  eventually(async () => (await subgraph.sql<ShipmentRow>('select * from shipment where order_id = $1 and status = $2', [orderId, status]))[0], { what: `the shipment to be ${status}`, within: 15_000 })

/** Orders that are planned together and alone: paid while planning is held up, so that all of them meet one plan. */
export async function assigned(subgraph: SubgraphUnderTest, orders: Order[]): Promise<ShipmentRow[]> {
  const ids = await Promise.all(orders.map((order) => orderPaid(subgraph, order)))
  return Promise.all(ids.map((id) => shipmentOf(subgraph, id, 'ASSIGNED')))
}

const pickUpMutation = 'mutation ($i: PickUpShipmentInput!) { pickUpShipment(input: $i) { ... on ShipmentPayload { shipment { status } } ... on TransitionRefused { code message allowed } ... on InvalidInput { code field message } } }'
export const pickUp = async (subgraph: SubgraphUnderTest, who: Actor, shipmentId: string, scannedLabel: string) => subgraph.graph(who, pickUpMutation, { i: { shipmentId, scannedLabel } })
const startMutation = 'mutation ($id: ID!) { startRoute(input: { routeId: $id }) { ... on RoutePayload { route { id status } } ... on TransitionRefused { code message allowed } } }'
export const start = async (subgraph: SubgraphUnderTest, who: Actor, routeId: string) => subgraph.graph(who, startMutation, { id: routeId })
const positionMutation = 'mutation ($i: RecordPositionInput!) { recordPosition(input: $i) { status position { location { latitude longitude } at } } }'
export const moveTo = async (subgraph: SubgraphUnderTest, who: Actor, routeId: string, at: { latitude: number; longitude: number }, when = new Date()) =>
  subgraph.graph(who, positionMutation, { i: { routeId, latitude: at.latitude, longitude: at.longitude, speedKmh: 20, at: when.toISOString() } })
const deliverMutation = `mutation ($i: RecordDeliveryInput!) { recordDelivery(input: $i) { ... on ShipmentPayload { shipment { status actualDelivery proof { kind receivedBy idChecked location { latitude } evidenceHash } } }
  ... on ProofIncomplete { code missing } ... on TransitionRefused { code message allowed } ... on InvalidInput { code field } } }`
export const deliver = async (subgraph: SubgraphUnderTest, who: Actor, input: object) => subgraph.graph(who, deliverMutation, { i: { kind: 'PHOTO', ...input } })
const failMutation = 'mutation ($i: RecordFailedAttemptInput!) { recordFailedAttempt(input: $i) { ... on ShipmentPayload { shipment { status attempts statusReason { code message } } } ... on TransitionRefused { code message } ... on InvalidInput { field } } }'
export const fail = async (subgraph: SubgraphUnderTest, who: Actor, input: object) => subgraph.graph(who, failMutation, { i: { reason: 'NOBODY_HOME', ...input } })

export const signed = (body: string): Record<string, string> =>
  ({ 'content-type': 'application/json', 'x-hmac-signature': `hmac-sha256-hex=${createHmac('sha256', 'sécret'.normalize('NFKD')).update(body).digest('hex')}` })
