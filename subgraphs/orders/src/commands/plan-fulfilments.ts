import { newId, type EntityManager } from '@pharmagraph/platform'
import { Fulfilment } from '../entities/fulfilment.ts'
import type { Order, OrderLine } from '../entities/order.ts'

/** Where what is ready goes ahead, over-the-counter lines do not wait for the pharmacist: they are a part of their own. */
export function planFulfilments(em: EntityManager, order: Order, lines: readonly OrderLine[]): void {
  const groups = order.delivery === 'AS_READY' ? [lines.filter(({ prescriptionId }) => !prescriptionId), lines.filter(({ prescriptionId }) => prescriptionId)] : [lines]
  groups.filter((group) => group.length > 0).forEach((group, index) => addFulfilment(em, order, index + 1, group))
}

export function addFulfilment(em: EntityManager, order: Order, number: number, lines: readonly OrderLine[]): Fulfilment {
  const fulfilment = em.create(Fulfilment, { id: newId(), orderId: order.id, patientId: order.patientId, number, status: 'PLANNED' })
  for (const line of lines) line.fulfilmentId = fulfilment.id
  return fulfilment
}
