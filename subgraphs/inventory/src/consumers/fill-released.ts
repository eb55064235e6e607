import { handler } from '@pharmagraph/platform'
import { commitFill } from '../commands/commit-stock.ts'

export const fillReleased = handler('prescriptions.fill-released.v1', 'commit-fill', (em, { data }, actor) => commitFill(em, actor, data))
