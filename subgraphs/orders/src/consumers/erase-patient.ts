import { destroyKey, emit, handler } from '@pharmagraph/platform'
import { withdrawAutoRefills } from '../commands/auto-refill.ts'
import { AutoRefillPlan } from '../entities/auto-refill.ts'

/** Nothing is ordered for them any more, and nothing sealed of the patient opens from now on; what is left are ids, amounts and days, which the books need. */
export const erasePatient = handler('patients.erasure-status-changed.v1', 'erase-patient', async (em, { data: { requestId, patientId, to } }, actor) => {
  if (to !== 'ERASING') return
  await withdrawAutoRefills(em, actor, { patientId }, 'PATIENT_ERASED')
  await em.nativeDelete(AutoRefillPlan, { patientId })
  await destroyKey(em, patientId)
  emit(em, actor, 'orders.patient-erased.v1', patientId, { requestId, patientId })
})
