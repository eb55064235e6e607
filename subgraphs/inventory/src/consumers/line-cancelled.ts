import { handler } from '@pharmagraph/platform'
import { releaseLine } from '../commands/release-stock.ts'

export const lineCancelled = handler('orders.line-cancelled.v1', 'release-line', (em, { data }, actor) => releaseLine(em, actor, data))
