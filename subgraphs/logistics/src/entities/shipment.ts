import { clock } from '@pharmagraph/platform'
import { defineEntity, p } from '@mikro-orm/postgresql'
import type { Point } from '../geo/distance.ts'

export const shipmentStatuses = [
  'CREATED', 'LABELLED', 'ASSIGNED', 'PICKED_UP', 'IN_TRANSIT', 'OUT_FOR_DELIVERY', 'DELIVERED', 'ATTEMPT_FAILED', 'HELD_AT_DEPOT',
  'RETURNING', 'RETURNED', 'EXCEPTION', 'CANCELLED',
] as const
export type ShipmentStatus = (typeof shipmentStatuses)[number]
export const proofKinds = ['SIGNATURE', 'PHOTO', 'OTP'] as const
/** Who took the parcel and where: lies sealed under the patient's key. */
export type ProofDetails = { receivedBy: string | null; location: Point | null }

export const ownCourier = 'Pharmagraph'

export const ShipmentSchema = defineEntity({
  name: 'Shipment',
  tableName: 'shipment',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    orderId: p.uuid(),
    /** The part of the order it carries, and its lines; null where an order told of neither. */
    fulfilmentId: p.uuid().nullable(),
    orderLineIds: p.array().nullable(),
    patientId: p.uuid().index(),
    addressId: p.uuid(),
    depotId: p.uuid(),
    carrier: p.string(),
    /** Ours never repeat; carriers use theirs again after some time. */
    trackingNumber: p.string().index(),
    status: p.enum(shipmentStatuses),
    reasonCode: p.string().nullable(),
    reasonMessage: p.string().nullable(),
    adultSignature: p.boolean(),
    coldChain: p.boolean(),
    parcels: p.integer(),
    driverId: p.uuid().nullable(),
    routeId: p.uuid().nullable(),
    estimatedDelivery: p.datetime().nullable(),
    actualDelivery: p.datetime().nullable(),
    attempts: p.integer(),
    proofKind: p.enum(proofKinds).nullable(),
    proofIdChecked: p.boolean(),
    /** SHA-256, hex. */
    proofEvidenceHash: p.string().length(64).nullable(),
    /** JSON of ProofDetails. */
    proofSealed: p.text().nullable(),
    proofAt: p.datetime().nullable(),
    /** Time and rank of the carrier's scan last followed; older ones are stale. */
    scannedAt: p.datetime().nullable(),
    scanRank: p.integer(),
    createdAt: p.datetime().onCreate(() => clock.now()),
  },
  indexes: [
    { name: 'shipment_one_a_part', expression: 'create unique index shipment_one_a_part on shipment (order_id, coalesce(fulfilment_id, order_id))' },
    { properties: ['driverId'] },
    { properties: ['routeId'] },
    { name: 'shipment_to_plan', expression: "create index shipment_to_plan on shipment (created_at) where status = 'LABELLED'" },
  ],
})
export class Shipment extends ShipmentSchema.class {}
ShipmentSchema.setClass(Shipment)

export const failedAttemptReasons = ['NOBODY_HOME', 'REFUSED', 'NO_ACCESS', 'WRONG_ADDRESS'] as const

export const DeliveryAttemptSchema = defineEntity({
  name: 'DeliveryAttempt',
  tableName: 'delivery_attempt',
  properties: {
    id: p.uuid().primary(),
    shipmentId: p.uuid().index(),
    driverId: p.uuid(),
    reason: p.enum(failedAttemptReasons),
    /** JSON of { note }, under the patient's key: what drivers write may tell about a person. */
    sealed: p.text().nullable(),
    at: p.datetime().onCreate(() => clock.now()),
  },
})
export class DeliveryAttempt extends DeliveryAttemptSchema.class {}
DeliveryAttemptSchema.setClass(DeliveryAttempt)

/** An order that was cancelled before anything was told of a parcel: it gets none. */
export const CancelledOrderSchema = defineEntity({
  name: 'CancelledOrder',
  tableName: 'cancelled_order',
  properties: {
    orderId: p.uuid().primary(),
    at: p.datetime().onCreate(() => clock.now()),
  },
})
export class CancelledOrder extends CancelledOrderSchema.class {}
CancelledOrderSchema.setClass(CancelledOrder)

/** A line whose goods were recalled before its parcel was made: the parcel is not sent. */
export const StoppedLineSchema = defineEntity({
  name: 'StoppedLine',
  tableName: 'stopped_line',
  properties: {
    orderLineId: p.uuid().primary(),
    orderId: p.uuid().index(),
    at: p.datetime().onCreate(() => clock.now()),
  },
})
export class StoppedLine extends StoppedLineSchema.class {}
StoppedLineSchema.setClass(StoppedLine)

/** A carrier's webhook, kept so that a repeat does nothing. */
export const CarrierEventSchema = defineEntity({
  name: 'CarrierEvent',
  tableName: 'carrier_event',
  properties: {
    eventId: p.string().primary(),
    shipmentId: p.uuid(),
    receivedAt: p.datetime().onCreate(() => clock.now()),
  },
})
export class CarrierEvent extends CarrierEventSchema.class {}
CarrierEventSchema.setClass(CarrierEvent)
