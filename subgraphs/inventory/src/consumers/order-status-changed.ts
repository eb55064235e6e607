import { handler } from '@pharmagraph/platform'
import { knowShipped } from '../commands/know-shipped.ts'

export const orderStatusChanged = handler('orders.order-status-changed.v1', 'know-shipped', (em, { data }, actor) => knowShipped(em, actor, data))
