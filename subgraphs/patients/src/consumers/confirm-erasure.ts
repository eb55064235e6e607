import { handler } from '@pharmagraph/platform'
import { confirmErasure } from '../commands/erase-patient.ts'

export const erasureConfirmations = [
  handler('prescriptions.patient-erased.v1', 'prescriptions-erased', (em, { data }, actor) => confirmErasure(em, actor, data.requestId, 'prescriptions')),
  handler('orders.patient-erased.v1', 'orders-erased', (em, { data }, actor) => confirmErasure(em, actor, data.requestId, 'orders')),
  handler('logistics.patient-erased.v1', 'logistics-erased', (em, { data }, actor) => confirmErasure(em, actor, data.requestId, 'logistics')),
]
