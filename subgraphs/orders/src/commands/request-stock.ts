import { addDays, clock, emit, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { Order, OrderLine } from '../entities/order.ts'

/** Asks inventory to hold every line for a parcel that leaves tomorrow. */
export function requestStock(em: EntityManager, actor: Actor, order: Order, lines: readonly OrderLine[]): void {
  emit(em, actor, 'orders.stock-requested.v1', order.id, {
    orderId: order.id, shipDate: addDays(clock.today(), 1),
    lines: lines.map(({ id, drugId, quantity, daysSupply }) => ({ orderLineId: id, drugId, quantity, daysSupply: daysSupply ?? null })),
  })
}
