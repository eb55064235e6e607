import { defineLifecycle, emit, to } from '@pharmagraph/platform'
import type { RefillRequest, RefillState } from '../entities/refill-request.ts'

const system = ['system'] as const
const approve = to<RefillState, RefillRequest>('READY', { by: system })
const wait = to<RefillState, RefillRequest>('WAITING', { by: system })
const askPrescriber = to<RefillState, RefillRequest>('WITH_PRESCRIBER', { by: system })
const decline = to<RefillState, RefillRequest>('DECLINED', { by: system })
const order = to<RefillState, RefillRequest>('ORDERED', { by: system })
const cancel = to<RefillState, RefillRequest>('CANCELLED', { by: ['patient', 'caregiver', 'technician', 'pharmacist', 'pharmacist-in-charge', 'system'] })

export const refillRequestLifecycle = defineLifecycle<RefillState, RefillRequest>({
  name: 'refill request',
  initial: 'REQUESTED',
  table: {
    REQUESTED: { approve, wait, askPrescriber, decline, order, cancel },
    WAITING: { approve, wait, askPrescriber, decline, order, cancel },
    // a new prescription, or no: by the prescriber's answer, or for want of one
    WITH_PRESCRIBER: { renew: to('RENEWED', { by: system }), decline, order, cancel },
    READY: { order, decline, cancel },
    ORDERED: { complete: to('DONE', { by: system }), reopen: to('READY', { by: system }) },
    DONE: {},
    RENEWED: {},
    DECLINED: {},
    CANCELLED: {},
  },
  announce: (em, actor, request, { from, to: next }) =>
    emit(em, actor, 'prescriptions.refill-request-changed.v1', request.id, {
      refillRequestId: request.id, prescriptionId: request.prescriptionId, patientId: request.patientId, origin: request.origin, from: from || null, to: next,
      reasonCode: request.reasonCode, dueOn: request.dueOn ?? null, orderId: request.orderId ?? null,
    }),
})
