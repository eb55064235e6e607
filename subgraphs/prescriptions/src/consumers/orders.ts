/** The order's way through the pharmacy: request, lots, bench, hand-over, or the end of it. */
import { handler } from '@pharmagraph/platform'
import { cancelFill, cancelFills, isCancelled } from '../commands/cancel-fills.ts'
import { moveFills } from '../commands/move-fills.ts'
import { queueFills } from '../commands/queue-fills.ts'
import { requestFill } from '../commands/request-fill.ts'
import { withdrawAutoRefills } from '../commands/request-refill.ts'
import { reserveFills } from '../commands/reserve-fills.ts'
import { services } from '../services.ts'

export const orderConsumers = [
  handler('orders.order-placed.v1', 'request-fills', async (em, { data: { orderId, patientId, addressId, lines } }) => {
    if (await isCancelled(em, orderId)) return
    // by prescription id: two orders that name the same two prescriptions must lock them in the same order
    const fills = lines.flatMap(({ prescriptionId, ...line }) => (prescriptionId ? [{ ...line, prescriptionId }] : []))
    fills.sort((a, b) => (a.prescriptionId < b.prescriptionId ? -1 : 1))
    for (const { orderLineId, prescriptionId, drugId, quantity } of fills) await requestFill(em, services(), { orderId, orderLineId, patientId, prescriptionId, drugId, quantity, addressId })
  }),
  handler('inventory.stock-held.v1', 'reserve-fills', (em, { data }) => reserveFills(em, data)),
  handler('orders.order-ready-to-fill.v1', 'queue-fills', (em, { data: { orderId, orderLineIds } }) => queueFills(em, orderId, orderLineIds)),
  handler('orders.order-cancelled.v1', 'cancel-fills', (em, { data }) => cancelFills(em, data)),
  handler('orders.line-cancelled.v1', 'cancel-fill', (em, { data }) => cancelFill(em, data)),
  handler('orders.auto-refill-changed.v1', 'take-back-skipped-refill', async (em, { data: { autoRefillId, to } }, actor) => {
    if (to === 'SKIPPED') await withdrawAutoRefills(em, actor, { id: autoRefillId }, 'SKIPPED_BY_PATIENT')
  }),
  handler('logistics.shipment-status-changed.v1', 'move-fills', (em, { data }) => moveFills(em, data)),
]
