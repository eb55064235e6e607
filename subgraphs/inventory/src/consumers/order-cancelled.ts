import { handler } from '@pharmagraph/platform'
import { releaseOrder } from '../commands/release-stock.ts'

export const orderCancelled = handler('orders.order-cancelled.v1', 'release-stock', (em, { data }, actor) => releaseOrder(em, actor, data))
