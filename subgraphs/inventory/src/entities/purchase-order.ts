import { defineEntity, p } from '@mikro-orm/postgresql'
import { LocationSchema } from './location.ts'
import { TradingPartnerSchema } from './trading-partner.ts'

export const purchaseOrderStatuses = ['DRAFT', 'APPROVED', 'SENT', 'PARTIALLY_RECEIVED', 'RECEIVED', 'CANCELLED'] as const
export type PurchaseOrderStatus = (typeof purchaseOrderStatuses)[number]

/** What we ask a trading partner for. */
export const PurchaseOrderSchema = defineEntity({
  name: 'PurchaseOrder',
  tableName: 'purchase_order',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    partnerId: () => p.manyToOne(TradingPartnerSchema).mapToPk().fieldName('partner_id'),
    locationId: () => p.manyToOne(LocationSchema).mapToPk().fieldName('location_id'),
    status: p.enum(purchaseOrderStatuses),
    draftedBy: p.string(),
    draftedAt: p.datetime(),
    /** Of the person who drafted it: a retry is the same order. */
    idempotencyKey: p.string().unique(),
    /** DEA Form 222 or CSOS number, where a schedule II drug is ordered (21 CFR 1305.03). */
    deaOrderNumber: p.string().nullable(),
  },
  indexes: [{ properties: ['status', 'id'] }],
})
export class PurchaseOrder extends PurchaseOrderSchema.class {}
PurchaseOrderSchema.setClass(PurchaseOrder)

/** Quantities are dispensing units, in whole packages. */
export const PurchaseOrderLineSchema = defineEntity({
  name: 'PurchaseOrderLine',
  tableName: 'purchase_order_line',
  properties: {
    id: p.uuid().primary(),
    purchaseOrderId: () => p.manyToOne(PurchaseOrderSchema).mapToPk().fieldName('purchase_order_id'),
    drugId: p.uuid().index(),
    ndc: p.string(),
    quantity: p.decimal('number').precision(12).scale(3).check('quantity > 0'),
    received: p.decimal('number').precision(12).scale(3).check('received >= 0 and received <= quantity'),
  },
  uniques: [{ properties: ['purchaseOrderId', 'drugId'] }],
})
export class PurchaseOrderLine extends PurchaseOrderLineSchema.class {}
PurchaseOrderLineSchema.setClass(PurchaseOrderLine)
