import { handler } from '@pharmagraph/platform'
import { commitOrder } from '../commands/commit-stock.ts'

export const orderReleased = handler('orders.order-released.v1', 'commit-order', (em, { data }, actor) => commitOrder(em, actor, data))
