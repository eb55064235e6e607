import { handler } from '@pharmagraph/platform'

/** Patient and prescriber may be found after the prescription came; whoever wrote it stays the same. */
const keep = `insert into prescription_fact (prescription_id, patient_id, practitioner_id) values (?, ?, ?)
  on conflict (prescription_id) do update set patient_id = coalesce(excluded.patient_id, prescription_fact.patient_id),
    practitioner_id = coalesce(excluded.practitioner_id, prescription_fact.practitioner_id)`

export const knowPrescription = handler('prescriptions.prescription-received.v1', 'know-prescription', async (em, { data }) => {
  await em.execute(keep, [data.prescriptionId, data.patientId, data.practitionerId])
})

export const knowPatientOfPrescription = handler('prescriptions.prescription-status-changed.v1', 'know-patient-of-prescription', async (em, { data }) => {
  await em.execute(keep, [data.prescriptionId, data.patientId, data.practitionerId ?? null])
})
