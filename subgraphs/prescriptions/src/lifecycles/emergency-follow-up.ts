import { defineLifecycle, emit, to } from '@pharmagraph/platform'
import type { EmergencyFollowUp, FollowUpState } from '../entities/emergency-follow-up.ts'

const pharmacists = ['pharmacist', 'pharmacist-in-charge'] as const

export const emergencyFollowUpLifecycle = defineLifecycle<FollowUpState, EmergencyFollowUp>({
  name: 'emergency follow-up',
  initial: 'AWAITED',
  table: {
    AWAITED: {
      receive: to('RECEIVED', { by: [...pharmacists, 'system'] }),
      miss: to('OVERDUE', { by: ['system'] }),
      // nothing left on the oral order
      drop: to('NOT_NEEDED', { by: ['system'] }),
    },
    OVERDUE: {
      // by mail, postmarked in time
      receive: to('RECEIVED', { by: [...pharmacists, 'system'] }),
      // it is on file now, and the authorities are to be told all the same
      receiveLate: to('OVERDUE', { by: [...pharmacists, 'system'] }),
      // one authority told, others are not yet
      noteNotice: to('OVERDUE', { by: pharmacists }),
      notify: to('NOTIFIED', { by: [...pharmacists, 'system'] }),
    },
    NOTIFIED: { receiveLate: to('NOTIFIED', { by: [...pharmacists, 'system'] }) },
    RECEIVED: {},
    NOT_NEEDED: {},
  },
  announce: (em, actor, { id, prescriptionId, dueAt }, { from, to: next, verb, reason }) =>
    emit(em, actor, 'prescriptions.emergency-follow-up-changed.v1', id, {
      followUpId: id, prescriptionId, from: from || null, to: next, verb, reasonCode: reason ?? null, dueAt: dueAt.toISOString(),
    }),
})
