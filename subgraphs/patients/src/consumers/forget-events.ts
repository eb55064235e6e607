import { effect } from '@pharmagraph/platform'
import { tellingEvents } from '../commands/erase-patient.ts'
import type { Services } from '../services.ts'

/**
 * What of a patient travelled sealed under MATCH_KEY, or hashed under it, is not under the patient's own key: it is taken
 * off the stream. Everybody who keeps a copy has deleted theirs, or does so by the same event.
 */
export const forgetEvents = effect<'patients.erasure-status-changed.v1', Services>(
  'patients.erasure-status-changed.v1', 'forget-events', async ({ data: { patientId, to } }, { forget }) => {
    if (to !== 'ERASING') return
    for (const type of tellingEvents) await forget(type, patientId)
  },
)
