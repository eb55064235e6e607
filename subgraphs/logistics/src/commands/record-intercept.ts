import type { EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import type { InterceptAnswer } from '../carrier/port.ts'
import { Shipment } from '../entities/shipment.ts'

const messages: Record<InterceptAnswer, string> = {
  ACCEPTED: 'The carrier was asked to send the parcel back and will.',
  REFUSED: 'The carrier can no longer stop the parcel. Somebody must call the patient.',
}

/** What the carrier said; the parcel itself moves when the carrier reports it. */
export async function recordIntercept(em: EntityManager, shipmentId: string, answer: InterceptAnswer): Promise<void> {
  const shipment = await em.findOneOrFail(Shipment, { id: shipmentId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (shipment.status === 'DELIVERED' || shipment.status === 'RETURNED') return
  Object.assign(shipment, { reasonCode: `INTERCEPT_${answer}`, reasonMessage: messages[answer] })
}
