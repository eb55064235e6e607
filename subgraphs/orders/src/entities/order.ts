import { clock } from '@pharmagraph/platform'
import { defineEntity, p } from '@mikro-orm/postgresql'
import { deaSchedules, storageClasses } from './facts.ts'
import { paymentStatuses } from './payment-status.ts'

export const orderStatuses = [
  'CHECKOUT_STARTED', 'RX_CHECKED', 'STOCK_HELD', 'PAYMENT_AUTHORIZED', 'AWAITING_PHARMACIST', 'RELEASED', 'PAYMENT_CAPTURED', 'SHIPPED',
  'DELIVERED', 'CLOSED', 'REJECTED', 'BACKORDERED', 'EXPIRED', 'CANCELLED', 'DELIVERY_EXCEPTION', 'RETURNED', 'REFUND_PENDING', 'REFUNDED',
] as const
export type OrderStatus = (typeof orderStatuses)[number]

export const orderLineStatuses = ['PENDING', 'ACCEPTED', 'BACKORDERED', 'BLOCKED', 'HELD', 'RELEASED', 'RETURNED_TO_STOCK', 'CANCELLED'] as const
export type OrderLineStatus = (typeof orderLineStatuses)[number]

export const deliveries = ['AS_READY', 'TOGETHER'] as const
export type Delivery = (typeof deliveries)[number]

export const OrderSchema = defineEntity({
  name: 'Order',
  tableName: 'customer_order',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    /** What people read to each other on the telephone: PG-XXXX-XXXX. */
    number: p.string().unique(),
    patientId: p.uuid(),
    cartId: p.uuid().unique(),
    addressId: p.uuid(),
    /** Destination state at checkout: decides the tax. */
    addressState: p.string().length(2),
    idempotencyKey: p.string(),
    /** SHA-256 of the checkout input: the key used again with another input is an error. */
    inputHash: p.string(),
    /** Whether what is ready goes ahead, or everything in one parcel. */
    delivery: p.enum(deliveries).default('TOGETHER'),
    status: p.enum(orderStatuses),
    /** When the status was reached: timeouts count from here. */
    statusSince: p.datetime(),
    /** Code of src/reasons.ts: why it waits or ended. */
    reasonCode: p.string().nullable(),
    /** Drugs the reason names. */
    reasonDrugIds: p.array().nullable(),
    /** The patient's or the staff's own words on cancelling, sealed: they may tell of health. */
    noteSealed: p.text().nullable(),
    /** As in the payment; kept here because what may be done with an order depends on it. */
    paymentStatus: p.enum(paymentStatuses),
    subtotalMinor: p.integer(),
    taxMinor: p.integer(),
    shippingMinor: p.integer(),
    totalMinor: p.integer().check('total_minor = subtotal_minor + tax_minor + shipping_minor'),
    currency: p.string().length(3),
    /** The automatic refill it was placed for. */
    autoRefillId: p.uuid().nullable(),
    /** The order it carries on: what was out of stock there when its hold on the card ended. */
    followsOrderId: p.uuid().nullable().index(),
    /** Placed without the patient there: it asks them rather than waiting for goods. */
    unattended: p.boolean().default(false),
    /** How many of its parts were released: what is released is no longer cancelled, only the rest. */
    releasedParts: p.integer().default(0),
    createdAt: p.datetime().onCreate(() => clock.now()),
    updatedAt: p.datetime().onCreate(() => clock.now()).onUpdate(() => clock.now()),
  },
  uniques: [{ properties: ['patientId', 'idempotencyKey'] }],
  indexes: [{ properties: ['patientId', 'id'] }, { properties: ['status', 'statusSince'] }, { properties: ['status', 'id'] }],
})
export class Order extends OrderSchema.class {}
OrderSchema.setClass(Order)

export const OrderLineSchema = defineEntity({
  name: 'OrderLine',
  tableName: 'order_line',
  properties: {
    id: p.uuid().primary(),
    orderId: () => p.manyToOne(Order).mapToPk().joinColumn('order_id').index(),
    /** The part it goes with. */
    fulfilmentId: p.uuid().nullable(),
    drugId: p.uuid(),
    /** Null for an over-the-counter drug. */
    prescriptionId: p.uuid().nullable(),
    quantity: p.decimal('number').precision(12).scale(3).check('quantity > 0'),
    daysSupply: p.integer().nullable(),
    /** One dispensing unit, rounded, for display; the total is rounded once from the package price. */
    unitPriceMinor: p.integer(),
    lineTotalMinor: p.integer(),
    taxMinor: p.integer(),
    /** As at checkout: decide signature and packing. */
    deaSchedule: p.enum(deaSchedules),
    storageClass: p.enum(storageClasses),
    status: p.enum(orderLineStatuses),
    reasonCode: p.string().nullable(),
    /** The sentence of whoever blocked the line. */
    reasonMessage: p.text().nullable(),
    /** The day it may be tried again, where the reason knows one. */
    nextOn: p.date().nullable(),
    /** Set where less than ordered was dispensed, with the price and tax of that. */
    suppliedQuantity: p.decimal('number').precision(12).scale(3).nullable(),
    chargeMinor: p.integer().nullable(),
  },
})
export class OrderLine extends OrderLineSchema.class {}
OrderLineSchema.setClass(OrderLine)
