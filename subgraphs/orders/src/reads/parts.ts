import type { EntityManager } from '@pharmagraph/platform'
import { Fulfilment } from '../entities/fulfilment.ts'
import type { Order, OrderLine } from '../entities/order.ts'
import { isLost } from './amount-due.ts'
import { linesOf } from './locked-order.ts'

/** The order's lines and the parts they go in, each by id or number. */
export type Parts = { lines: OrderLine[]; fulfilments: Fulfilment[] }

export async function partsOf(em: EntityManager, order: Order): Promise<Parts> {
  const lines = await linesOf(em, order)
  return { lines, fulfilments: await em.find(Fulfilment, { orderId: order.id }, { orderBy: { number: 'asc' } }) }
}

/** What a part still holds: lines that are left out go with none. */
export const linesIn = ({ lines }: Parts, { id }: Fulfilment): OrderLine[] => lines.filter((line) => line.fulfilmentId === id && !isLost(line))
