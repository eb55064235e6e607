/** The devices' part in a fill: asked when it comes to the bench, by an intent that is kept before the call. */
import { effect, handler } from '@pharmagraph/platform'
import { followFill, recordAnswer, waitingJob } from '../commands/dispense-by-device.ts'
import type { Services } from '../services.ts'

export const fillMoved = handler('prescriptions.fill-status-changed.v1', 'ask-devices', (em, { data }, actor) => followFill(em, actor, data))

export const dispenseRequested = effect<'inventory.dispense-requested.v1', Services>('inventory.dispense-requested.v1', 'dispense', async ({ data: { jobId, deviceId } }, { services, transact, actor }) => {
  const job = await transact((em) => waitingJob(em, jobId))
  const device = services.devices.get(deviceId)
  if (!job || !device) return
  // the device knows a job by its id and counts nothing twice
  const answer = await device.dispense(job)
  await transact((em) => recordAnswer(em, actor, jobId, answer))
})
