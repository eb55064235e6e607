/** What the tests of this subgraph share: a patient with facts about them, and the subgraph on a provider in memory. */
import { createVault, localKeyProvider, newId, type Actor, type EventMap } from '@pharmagraph/platform'
import { actorWith, eventually, testSubgraph, type SubgraphUnderTest } from '../../../tests/environment.ts'
import type { PaymentPort } from '../src/payments/port.ts'
import { orders } from '../src/subgraph.ts'
import { memoryProvider, type MemoryProvider } from './provider.ts'

export const vault = createVault(localKeyProvider(Buffer.alloc(32, 7)))

/** The subgraph with another payment provider, without jobs: tests run those themselves. */
export const ordersWith = (payments: PaymentPort) => ({ ...orders, services: () => ({ payments, vault }), jobs: [] })

export async function testOrders({ background = false } = {}): Promise<{ subgraph: SubgraphUnderTest; provider: MemoryProvider }> {
  const provider = memoryProvider()
  return { subgraph: await testSubgraph(ordersWith(provider), { background }), provider }
}

export type Customer = { patient: Actor; patientId: string; addressId: string }

export async function newCustomer({ sql }: SubgraphUnderTest, { state = 'CA', deliverability = 'DELIVERABLE', consent = true } = {}): Promise<Customer> {
  const patientId = newId()
  const addressId = newId()
  await sql('insert into address_fact (id, patient_id, state, deliverability) values ($1, $2, $3, $4)', [addressId, patientId, state, deliverability])
  if (consent) await sql(`insert into consent_fact (patient_id, purpose, fact_version, granted) values ($1, 'DISPENSING', 1, true)`, [patientId])
  return { patient: actorWith('patient', { patientId }), patientId, addressId }
}

type Drug = { rxOnly?: boolean; deaSchedule?: string; storageClass?: string; packageSize?: number; priceMinor?: number; name?: string }

export async function newDrug({ sql }: SubgraphUnderTest, drug: Drug = {}): Promise<string> {
  const { rxOnly = true, deaSchedule = 'NONE', storageClass = 'CRT', packageSize = 100, priceMinor = 5000, name = 'Lisinopril 10 mg' } = drug
  const id = newId()
  await sql(
    `insert into drug_fact (id, fact_version, name, rx_only, dea_schedule, storage_class, package_size, price_minor, currency) values ($1, 1, $2, $3, $4, $5, $6, $7, 'USD')`,
    [id, name, rxOnly, deaSchedule, storageClass, packageSize, priceMinor],
  )
  return id
}

type Prescription = { status?: string; quantity?: number; expiryDate?: string; drugId?: string }

export async function newPrescription(subgraph: SubgraphUnderTest, patientId: string, prescription: Prescription = {}): Promise<string> {
  const { status = 'VERIFIED', quantity = 30, expiryDate = '2099-01-01', drugId = await newDrug(subgraph) } = prescription
  const id = newId()
  await subgraph.sql(
    `insert into prescription_fact (id, told_by, patient_id, drug_id, status, quantity, days_supply, refills_remaining, expiry_date) values ($1, '2020', $2, $3, $4, $5, 30, 3, $6)`,
    [id, patientId, drugId, status, quantity, expiryDate],
  )
  return id
}

const cartFields = 'id subtotal { amountMinor } lines { id quantity drug { id } prescription { id } lineTotal { amountMinor currency } problem { code message } }'
export const orderFields = `id number status statusReason { code message } paymentStatus allowedActions
  subtotal { amountMinor } tax { amountMinor } shipping { amountMinor } totalAmount { amountMinor currency } amountDue { amountMinor }
  patient { id } shippingAddress { id } history { from to verb actorRole reason }
  fulfilments { id number status lines { id } amountDue { amountMinor } statusReason { code } }
  lines { id status statusReason { code message } why { code message rule nextStep nextAt } suppliedQuantity amountDue { amountMinor } quantity drug { id } prescription { id } unitPrice { amountMinor } lineTotal { amountMinor } }
  payment { id status amount { amountMinor } capturedAmount { amountMinor } refundedAmount { amountMinor } clientSecret nextActionUrl captureBefore failure { code message } }`
const problem = '... on Problem { code message } ... on InvalidInput { field }'

export const addToCart = async ({ data }: SubgraphUnderTest, actor: Actor, input: object) =>
  (await data(actor, `mutation ($input: AddToCartInput!) { addToCart(input: $input) { __typename ... on CartPayload { cart { ${cartFields} } } ${problem} ... on NotOrderable { reason { code } } } }`, { input })).addToCart
export const removeFromCart = async ({ data }: SubgraphUnderTest, actor: Actor, lineId: string) =>
  (await data(actor, `mutation ($input: RemoveFromCartInput!) { removeFromCart(input: $input) { __typename ... on CartPayload { cart { ${cartFields} } } ${problem} } }`, { input: { lineId } })).removeFromCart
export const cartOf = async ({ data }: SubgraphUnderTest, actor: Actor) => (await data(actor, `{ cart { ${cartFields} } }`)).cart
export const checkout = async ({ data }: SubgraphUnderTest, actor: Actor, input: object) =>
  (await data(actor, `mutation ($input: CheckoutInput!) { checkout(input: $input) { __typename ... on OrderPayload { order { ${orderFields} } } ${problem} ... on NotOrderable { reason { code } } } }`, { input })).checkout
const orderMutation = (name: string, type: string) => async ({ data }: SubgraphUnderTest, actor: Actor, input: object) =>
  (await data(actor, `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ... on OrderPayload { order { ${orderFields} } } ${problem} ... on TransitionRefused { allowed } } }`, { input }))[name]
export const payOrder = orderMutation('payOrder', 'PayOrderInput')
export const cancelOrder = orderMutation('cancelOrder', 'CancelOrderInput')
export const refundOrder = orderMutation('refundOrder', 'RefundOrderInput')
export const orderOf = async ({ data }: SubgraphUnderTest, actor: Actor, id: string) => (await data(actor, `query ($id: ID!) { order(id: $id) { ${orderFields} } }`, { id })).order

export const support = actorWith('support')

/** Waits until the order is in `status` and gives it. */
export const orderIn = (subgraph: SubgraphUnderTest, id: string, status: string, within = 10_000) =>
  eventually(async () => {
    const order = await orderOf(subgraph, support, id)
    return order.status === status && order
  }, { what: `order in ${status}`, within })

/** As if inventory had said that everything of the order is held, without its events. */
export async function holdByHand({ sql }: SubgraphUnderTest, orderId: string): Promise<void> {
  await sql(`update order_line set status = 'HELD' where order_id = $1`, [orderId])
  await sql(`update fulfilment set status = 'HELD' where order_id = $1`, [orderId])
  await sql(`update customer_order set status = 'STOCK_HELD', status_since = now() where id = $1`, [orderId])
}

/** An order of one prescription line (or what `drug` says, over the counter) just placed. */
export async function placeOrder(subgraph: SubgraphUnderTest, { otc = false, drug = {} as Drug, paymentMethodId = 'pm_card_visa' as string | null, packages = 1 } = {}) {
  const customer = await newCustomer(subgraph)
  const drugId = await newDrug(subgraph, { rxOnly: !otc, ...drug })
  const input = otc ? { drugId, packages } : { prescriptionId: await newPrescription(subgraph, customer.patientId, { drugId }) }
  const { cart } = await addToCart(subgraph, customer.patient, input)
  const { order } = await checkout(subgraph, customer.patient, { cartId: cart.id, addressId: customer.addressId, idempotencyKey: newId(), paymentMethodId })
  return { ...customer, order, drugId }
}

type ShipmentStatus = EventMap['logistics.shipment-status-changed.v1']['to']

/** The other subgraphs, as far as an order needs them: each call publishes what they would. */
export function neighbours({ publish }: SubgraphUnderTest) {
  type Line = { id: string; drug: { id: string }; prescription: { id: string } | null; quantity: number }
  type Placed = { id: string; patient: { id: string }; lines: Line[] }
  const fill = (order: Placed, line: Line) => ({ fillId: line.id, prescriptionId: line.prescription!.id, orderId: order.id, orderLineId: line.id })
  return {
    acceptFill: (order: Placed, line: Line, eventId?: string) =>
      publish('prescriptions.fill-accepted.v1', line.id, { ...fill(order, line), patientId: order.patient.id, drugId: line.drug.id, quantity: line.quantity, daysSupply: 30, deaSchedule: 'NONE' }, eventId),
    blockFill: (order: Placed, line: Line) =>
      publish('prescriptions.fill-blocked.v1', line.id, { ...fill(order, line), reasonCode: 'REFILL_TOO_SOON', message: 'A refill is possible from 3 January.', nextEligibleAt: null }),
    holdStock: (order: Placed, eventId?: string, lines = order.lines) =>
      publish('inventory.stock-held.v1', order.id, {
        orderId: order.id, expiresAt: new Date(Date.now() + 7 * 86_400_000).toISOString(),
        lines: lines.map((line) => ({
          reservationId: newId(), orderLineId: line.id, drugId: line.drug.id,
          allocations: [{ lotId: newId(), lotNumber: 'L1', ndc: '0591-0369-01', expiryDate: '2099-01-01', locationId: newId(), quantity: line.quantity }],
        })),
      }, eventId),
    refuseStock: (order: Placed, line: Line) =>
      publish('inventory.stock-refused.v1', order.id, { orderId: order.id, short: [{ orderLineId: line.id, drugId: line.drug.id, requested: line.quantity, available: 3 }] }),
    loseHold: (order: Placed, line: Line, eventId?: string) =>
      publish('inventory.hold-lost.v1', order.id, { orderId: order.id, orderLineId: line.id, reservationId: newId(), drugId: line.drug.id, recallId: newId(), requested: line.quantity, available: 0 }, eventId),
    releaseFill: (order: Placed, line: Line, eventId?: string, quantity = line.quantity) =>
      publish('prescriptions.fill-released.v1', line.id, {
        ...fill(order, line), patientId: order.patient.id, drugId: line.drug.id, deaSchedule: 'NONE', lots: [{ lotId: newId(), lotNumber: 'L1', quantity }], releasedBy: newId(), recordHash: 'hash',
      }, eventId),
    returnFill: (order: Placed, line: Line, eventId?: string) =>
      publish('prescriptions.fill-returned.v1', line.id, {
        ...fill(order, line), drugId: line.drug.id, reasonCode: 'RELEASED_IN_ERROR', leftControl: false, lots: [{ lotId: newId(), lotNumber: 'L1', quantity: line.quantity }],
      }, eventId),
    moveShipment: (order: Placed, to: ShipmentStatus, reasonCode: string | null = null, eventId?: string) =>
      publish('logistics.shipment-status-changed.v1', order.id, { shipmentId: order.id, orderId: order.id, patientId: order.patient.id, from: 'ASSIGNED', to, reasonCode }, eventId),
    moveParcel: (order: Placed, fulfilmentId: string, to: ShipmentStatus, reasonCode: string | null = null, eventId?: string) =>
      publish('logistics.shipment-status-changed.v1', fulfilmentId, { shipmentId: fulfilmentId, orderId: order.id, patientId: order.patient.id, from: 'ASSIGNED', to, reasonCode, fulfilmentId }, eventId),
  }
}
