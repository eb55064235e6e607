import { handler } from '@pharmagraph/platform'
import { reallocateHolds } from '../commands/reallocate-holds.ts'
import { stopParcels } from '../commands/stop-parcels.ts'

/** Our own event: the lots are off sale by then, so that what is done here meets no new hold on them. */
export const recallOpened = handler('inventory.recall-opened.v1', 'follow-recall', async (em, { data }, actor) => {
  await reallocateHolds(em, actor, data)
  await stopParcels(em, actor, data.recallId)
})
