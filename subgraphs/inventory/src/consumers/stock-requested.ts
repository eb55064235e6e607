import { handler } from '@pharmagraph/platform'
import { holdStock } from '../commands/hold-stock.ts'

export const stockRequested = handler('orders.stock-requested.v1', 'hold-stock', (em, { data }, actor) => holdStock(em, actor, data))
