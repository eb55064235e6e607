import { effect } from '@pharmagraph/platform'
import { confirmErasure } from '../commands/erase-patient.ts'
import type { Services } from '../services.ts'

/** With the key destroyed, the account at the identity provider goes too; asked again until it is gone. */
export const removeAccount = effect<'patients.erasure-status-changed.v1', Services>(
  'patients.erasure-status-changed.v1', 'remove-account', async ({ data: { requestId, patientId, to } }, { services: { accounts }, actor, transact }) => {
    if (to !== 'ERASING' || !accounts) return
    await accounts.remove(patientId)
    await transact((em) => confirmErasure(em, actor, requestId, 'identity'))
  },
)
