import { handler } from '@pharmagraph/platform'
import { rematchPrescriptions } from '../commands/rematch-prescriptions.ts'
import { triagePrescription } from '../commands/triage-prescription.ts'
import { services } from '../services.ts'

/** Our own event: what came in is worked on apart from the request that brought it. */
export const intakeConsumers = [
  handler('prescriptions.prescription-received.v1', 'triage', (em, { data: { prescriptionId } }) => triagePrescription(em, services(), prescriptionId)),
  handler('patients.patient-registered.v1', 'rematch-patient', (em, { data: { matchTokens } }) =>
    rematchPrescriptions(em, services(), { matchTokens: { $overlap: matchTokens.map(({ token }) => token) } })),
  handler('patients.practitioner-registered.v1', 'rematch-practitioner', (em, { data: { npi } }) => rematchPrescriptions(em, services(), { prescriberNpi: npi, practitionerId: null })),
]
