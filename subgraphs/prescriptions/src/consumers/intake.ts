import { handler } from '@pharmagraph/platform'
import { triagePrescription } from '../commands/triage-prescription.ts'
import { services } from '../services.ts'

/** Our own event: what came in is worked on apart from the request that brought it. */
export const intakeConsumers = [
  handler('prescriptions.prescription-received.v1', 'triage', (em, { data: { prescriptionId } }) => triagePrescription(em, services(), prescriptionId)),
]
