import { LockMode } from '@mikro-orm/postgresql'
import { apply, emit, invalid, isId, notFound, systemActor, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { Fill } from '../entities/fill.ts'
import { Prescription } from '../entities/prescription.ts'
import { fillLifecycle } from '../lifecycles/fill.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'
import { supplyUntil } from '../reads/past-fills.ts'
import { unbookPart } from './book-part.ts'

/** Why a released fill that never left the pharmacy goes back on the shelf. */
export const returnReasons: Readonly<Record<string, string>> = {
  NOT_COLLECTED: 'Nobody took it',
  PATIENT_REFUSED: 'The patient does not want it',
  WRONG_PRODUCT_FOUND: 'Not what it should be',
  DAMAGED_PACKAGE: 'The package is damaged',
  RELEASED_IN_ERROR: 'Released by mistake',
}

/** A pharmacist takes a released fill back before it is handed over; said twice it is done once. */
export async function returnFillToStock(em: EntityManager, actor: Actor, { fillId, reasonCode }: { fillId: string; reasonCode: string }): Promise<Fill> {
  access.must(actor, 'dispensing:check', undefined)
  if (!returnReasons[reasonCode]) throw invalid('reasonCode', `reasonCode is one of ${Object.keys(returnReasons).join(', ')}`)
  const seen = isId(fillId) ? await em.findOne(Fill, { id: fillId }) : null
  if (!seen) throw notFound('fill')
  const prescription = await em.findOneOrFail(Prescription, { id: seen.prescriptionId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  const fill = (await em.refresh(seen, { lockMode: LockMode.PESSIMISTIC_WRITE })) ?? seen
  if (fill.status === 'RETURNED_TO_STOCK') return fill
  await returnToStock(em, actor, fill, prescription, reasonCode)
  return fill
}

/** Never left our control: the refill is given back, and inventory told which lots come back and why. */
export async function returnToStock(em: EntityManager, actor: Actor, fill: Fill, prescription: Prescription, reasonCode: string): Promise<void> {
  apply(em, actor, fillLifecycle, fill, 'returnToStock', { reason: reasonCode })
  fill.statusReasonCode = reasonCode
  await em.flush()
  if (await unbookPart(em, fill, prescription)) prescription.fillsReleased -= 1
  prescription.supplyUntil = await supplyUntil(em, fill.chainId)
  if (prescription.status === 'DEPLETED') apply(em, systemActor('prescriptions'), prescriptionLifecycle, prescription, 'reopen', { reason: 'RETURNED_TO_STOCK' })
  const { id, prescriptionId, orderId, orderLineId, drugId, lots } = fill
  emit(em, actor, 'prescriptions.fill-returned.v1', id, {
    fillId: id, prescriptionId, orderId, orderLineId, drugId, reasonCode, leftControl: false, lots: lots.map(({ lotId, lotNumber, quantity }) => ({ lotId, lotNumber, quantity })),
  })
}
