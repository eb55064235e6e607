import { defineEntity, p } from '@mikro-orm/postgresql'
import { LotSchema } from './lot.ts'

export const reservationStatuses = ['HELD', 'COMMITTED', 'RELEASED', 'EXPIRED', 'LOST'] as const
export type ReservationStatus = (typeof reservationStatuses)[number]

/** A hold on lots for one order line. Unique by order line, so a request that is repeated meets its own hold. */
export const ReservationSchema = defineEntity({
  name: 'Reservation',
  tableName: 'reservation',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    orderId: p.uuid().index(),
    orderLineId: p.uuid().unique(),
    drugId: p.uuid(),
    status: p.enum(reservationStatuses),
    quantity: p.decimal('number').precision(12).scale(3).check('quantity >= 0'),
    /** The first day its units may expire on: other lots that take over must keep as long. */
    keepsUntil: p.date(),
    expiresAt: p.datetime(),
    /** The part of the order it left in, as orders names it. */
    fulfilmentId: p.uuid().nullable(),
  },
  indexes: [{ name: 'reservation_due', expression: `create index reservation_due on reservation (expires_at) where status = 'HELD'` }],
})
export class Reservation extends ReservationSchema.class {}
ReservationSchema.setClass(Reservation)

/** The part of a reservation that one lot gives; after the commit, what was taken of it. */
export const AllocationSchema = defineEntity({
  name: 'Allocation',
  tableName: 'allocation',
  properties: {
    id: p.uuid().primary(),
    reservationId: () => p.manyToOne(ReservationSchema).mapToPk().fieldName('reservation_id'),
    lotId: () => p.manyToOne(LotSchema).mapToPk().fieldName('lot_id'),
    quantity: p.decimal('number').precision(12).scale(3).check('quantity > 0'),
  },
  uniques: [{ properties: ['reservationId', 'lotId'] }],
  indexes: [{ properties: ['lotId'] }],
})
export class Allocation extends AllocationSchema.class {}
AllocationSchema.setClass(Allocation)
