import { clock } from '@pharmagraph/platform'
import { defineEntity, p } from '@mikro-orm/postgresql'
import { Order } from './order.ts'

export const returnStatuses = ['REQUESTED', 'APPROVED', 'DECLINED', 'SETTLED'] as const
export type ReturnStatus = (typeof returnStatuses)[number]
export const returnCauses = ['RECALLED', 'DAMAGED', 'WRONG_ITEM', 'UNDELIVERABLE', 'REFUSED', 'CHANGED_MIND'] as const
export type ReturnCause = (typeof returnCauses)[number]

/** Goods that come back, or would: by a parcel that returned, or because somebody asks. */
export const ReturnSchema = defineEntity({
  name: 'Return',
  tableName: 'goods_return',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    orderId: () => p.manyToOne(Order).mapToPk().joinColumn('order_id'),
    patientId: p.uuid(),
    /** The part that came back, or the key of whoever asked: once each. */
    idempotencyKey: p.string(),
    orderLineIds: p.array(),
    cause: p.enum(returnCauses),
    status: p.enum(returnStatuses),
    /** What goes back to the patient, by policy or by decision. */
    amountMinor: p.integer().check('amount_minor >= 0'),
    currency: p.string().length(3),
    /** The patient's or the staff's own words, sealed. */
    noteSealed: p.text().nullable(),
    requestedBy: p.string(),
    createdAt: p.datetime().onCreate(() => clock.now()),
  },
  uniques: [{ properties: ['orderId', 'idempotencyKey'] }],
  indexes: [{ name: 'goods_return_open', expression: `create index goods_return_open on goods_return (created_at) where status = 'REQUESTED'` }],
})
export class Return extends ReturnSchema.class {}
ReturnSchema.setClass(Return)
