import { clock, defineLifecycle, emit, to } from '@pharmagraph/platform'
import type { DispenseJob, DispenseJobStatus } from '../entities/dispense-job.ts'

const system = { by: ['system'] as const }

/** A device counts, refuses, or is not asked any more because the fill has gone on. */
export const dispenseJobLifecycle = defineLifecycle<DispenseJobStatus, DispenseJob>({
  name: 'dispenseJob',
  initial: 'REQUESTED',
  table: {
    REQUESTED: { count: to('COUNTED', system), refuse: to('REFUSED', system), withdraw: to('WITHDRAWN', system) },
    COUNTED: {},
    REFUSED: {},
    WITHDRAWN: {},
  },
  announce(em, actor, job, { to: status }) {
    const { id: jobId, deviceId, fillId, orderLineId, lotId, lotNumber, ndc, quantity } = job
    if (status === 'REQUESTED') emit(em, actor, 'inventory.dispense-requested.v1', fillId, { jobId, deviceId, fillId })
    if (status !== 'COUNTED' && status !== 'REFUSED') return
    job.answeredAt = clock.now()
    emit(em, actor, 'inventory.device-answered.v1', fillId, {
      jobId, deviceId, fillId, orderLineId, lotId, lotNumber, ndc, quantity, outcome: job.refusal ?? 'COUNTED', counted: job.counted ?? null, serialNumber: job.serialNumber ?? null,
    })
  },
})
