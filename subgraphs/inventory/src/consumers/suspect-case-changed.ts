import { handler } from '@pharmagraph/platform'
import { reallocateHolds } from '../commands/reallocate-holds.ts'

/** Our own event: the lot is in quarantine by then; orders that held it get other lots. */
export const suspectCaseChanged = handler('inventory.suspect-case-changed.v1', 'follow-suspicion', async (em, { data: { status, caseId, lotId } }, actor) => {
  if (status === 'INVESTIGATING') await reallocateHolds(em, actor, { recallId: caseId, lotIds: [lotId] })
})
