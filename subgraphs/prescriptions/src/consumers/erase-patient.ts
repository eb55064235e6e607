import { destroyKey, emit, handler } from '@pharmagraph/platform'

/** What was prescribed to the patient does not open from now on, and no list shows it. */
export const erasePatient = handler('patients.erasure-status-changed.v1', 'erase-patient', async (em, { data: { requestId, patientId, to } }, actor) => {
  if (to !== 'ERASING') return
  // keyed hashes still find who has their key; rows without people read as nobody's
  await em.execute('delete from patient_token where patient_id = ?', [patientId])
  await em.execute('delete from clinical_profile_fact where patient_id = ?', [patientId])
  await em.execute("update prescription set patient_id = null, practitioner_id = null, match_tokens = '{}' where sealed_for = ?", [patientId])
  await destroyKey(em, patientId)
  emit(em, actor, 'prescriptions.patient-erased.v1', patientId, { requestId, patientId })
})
