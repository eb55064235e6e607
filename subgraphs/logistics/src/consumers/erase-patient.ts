import { destroyKey, emit, handler } from '@pharmagraph/platform'

/** Addresses and proofs of delivery do not open from now on. */
export const erasePatient = handler('patients.erasure-status-changed.v1', 'erase-patient', async (em, { data: { requestId, patientId, to } }, actor) => {
  if (to !== 'ERASING') return
  await destroyKey(em, patientId)
  emit(em, actor, 'logistics.patient-erased.v1', patientId, { requestId, patientId })
})
