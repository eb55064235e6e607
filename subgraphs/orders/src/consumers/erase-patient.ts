import { destroyKey, emit, handler } from '@pharmagraph/platform'

/** Nothing sealed of the patient opens from now on; what is left are ids, amounts and days, which the books need. */
export const erasePatient = handler('patients.erasure-status-changed.v1', 'erase-patient', async (em, { data: { requestId, patientId, to } }, actor) => {
  if (to !== 'ERASING') return
  await destroyKey(em, patientId)
  emit(em, actor, 'orders.patient-erased.v1', patientId, { requestId, patientId })
})
