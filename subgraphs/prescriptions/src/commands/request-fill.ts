import { LockMode } from '@mikro-orm/postgresql'
import { apply, begin, clock, emit, newId, systemActor, type Actor, type EntityManager } from '@pharmagraph/platform'
import { PatientFact } from '../entities/facts.ts'
import { Fill, fillsUnderWay, fillsUndone } from '../entities/fill.ts'
import { OwedBalance, owed } from '../entities/owed-balance.ts'
import { chainOf, daysOf, Prescription, productOf } from '../entities/prescription.ts'
import { priorities, type WorkItem } from '../entities/work-item.ts'
import { fillLifecycle } from '../lifecycles/fill.ts'
import { currentSchedule, scheduleChanged } from '../reads/current-schedule.ts'
import { destinationState, fillableOf } from '../reads/fillable.ts'
import { refusalOfFill, type Fillable, type Refusal } from '../regulations/decisions.ts'
import { refusalsOfRest } from '../regulations/partial-fill.ts'
import type { Services } from '../services.ts'
import { balanceOf } from './book-part.ts'
import { orderRefill } from './follow-refill.ts'
import { noteEarlyRefill } from './note-early-refill.ts'
import { openWorkItem } from './open-work-item.ts'
import { screenPrescription } from './screen-prescription.ts'

export type RequestedFill = { orderId: string; orderLineId: string; patientId: string; prescriptionId: string; drugId: string; quantity: number; addressId?: string }
type Obstacle = { code: string; message: string; nextEligibleAt?: string | null }

const actor = systemActor('prescriptions')

/** An order line asks for a fill: it is screened at once, and accepted or blocked with the reason. */
export async function requestFill(em: EntityManager, services: Services, request: RequestedFill): Promise<void> {
  const known = await em.findOne(Fill, { orderLineId: request.orderLineId })
  if (known) return answerAgain(em, known)
  // orders of one prescription wait for each other, so that two cannot both take the last refill
  const prescription = await em.findOne(Prescription, { id: request.prescriptionId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  // somebody else's reads as not there, and leaves no fill behind
  if (!prescription || prescription.patientId !== request.patientId) {
    const { orderId, orderLineId, prescriptionId } = request
    emit(em, actor, 'prescriptions.fill-blocked.v1', orderLineId, {
      fillId: newId(), prescriptionId, orderId, orderLineId, reasonCode: 'NOT_FOUND', message: 'there is no such prescription', nextEligibleAt: null,
    })
    return
  }
  const fills = await em.find(Fill, { chainId: chainOf(prescription), status: { $nin: [...fillsUndone] } })
  const balance = await balanceOf(em, { prescriptionId: prescription.id, status: 'OWED' })
  const fill = em.create(Fill, {
    id: newId(), prescriptionId: prescription.id, patientId: request.patientId, drugId: request.drugId, orderId: request.orderId, orderLineId: request.orderLineId,
    number: balance?.number ?? 1 + Math.max(-1, ...fills.filter(({ prescriptionId }) => prescriptionId === prescription.id).map(({ number }) => number)), status: 'REQUESTED',
    quantity: request.quantity, daysSupply: daysOf(prescription, request.quantity), chainId: chainOf(prescription), balanceId: balance?.id ?? null, daw: prescription.substituteDaw ?? prescription.daw,
    destinationState: request.addressId ? await destinationState(em, request.patientId, request.addressId) : null, lots: [], fillers: [], requestedAt: clock.now(),
  })
  begin(em, actor, fillLifecycle, fill, 'request')
  apply(em, actor, fillLifecycle, fill, 'screen')
  const obstacle = await obstacleTo(em, services, fill, prescription, fills, balance)
  if (obstacle) {
    blockFill(em, fill, obstacle)
    if (obstacle.code === 'REFILL_TOO_EARLY') await noteEarlyRefill(em, services, prescription, obstacle as Refusal)
  } else {
    acceptFill(em, fill, prescription)
    await orderRefill(em, fill)
  }
}

/** The order asks again, as where our answer was lost: it is told what it was told the first time. */
async function answerAgain(em: EntityManager, fill: Fill): Promise<void> {
  const { id: fillId, prescriptionId, orderId, orderLineId, status, statusReasonCode, statusReasonMessage, nextEligibleAt } = fill
  if (status === 'BLOCKED') {
    emit(em, actor, 'prescriptions.fill-blocked.v1', fillId, {
      fillId, prescriptionId, orderId, orderLineId, reasonCode: statusReasonCode ?? 'NOT_VERIFIED', message: statusReasonMessage ?? '', nextEligibleAt: nextEligibleAt ?? null,
    })
  } else if (status === 'SCREENING') acceptFill(em, fill, await em.findOneOrFail(Prescription, { id: prescriptionId }))
}

/** The first thing in the way of the fill; undefined when nothing is. */
async function obstacleTo(em: EntityManager, services: Services, fill: Fill, prescription: Prescription, fills: readonly Fill[], balance: OwedBalance | null): Promise<Obstacle | undefined> {
  if (fills.some(({ status }) => fillsUnderWay.includes(status))) return { code: 'FILL_UNDER_WAY', message: 'another fill of this prescription is under way' }
  const fillable = fillableOf(prescription, fills, fill.destinationState)
  const refusal = balance ? refusalOfRest(fillable, fill, balance) : refusalOfFill(fillable, clock.today())
  if (refusal && ['VERIFIED', 'ON_HOLD', 'DEPLETED', 'EXPIRED'].includes(prescription.status)) return refusal
  if (prescription.status === 'ON_HOLD') return { code: 'ON_HOLD', message: 'the prescription is on hold', nextEligibleAt: prescription.resumeOn ?? null }
  if (prescription.status !== 'VERIFIED') return { code: 'NOT_VERIFIED', message: `the prescription is ${prescription.status}, not verified by a pharmacist` }
  const schedule = await currentSchedule(em, prescription)
  if (schedule !== prescription.deaSchedule) {
    await reviewAgain(em, actor, prescription)
    return scheduleChanged(prescription.deaSchedule, schedule)
  }
  if (productOf(prescription) !== fill.drugId) return { code: 'DRUG_MISMATCH', message: 'the prescription is for another product' }
  const due = prescription.nextQuantity ?? prescription.quantity
  if (due !== fill.quantity) return { code: 'QUANTITY_MISMATCH', message: balance ? `${due} units are still owed of the last fill` : `the prescription is for ${due} units` }
  const consent = await em.findOne(PatientFact, { patientId: fill.patientId })
  if (!consent?.dispensingConsent) return { code: 'CONSENT_MISSING', message: 'the patient has not consented to dispensing' }
  return alertInTheWay(em, services, prescription)
}

/** The rest of a part, of which no more is dispensed than is owed. */
const refusalOfRest = (fillable: Fillable, { quantity }: Fill, balance: OwedBalance): Refusal | undefined =>
  refusalsOfRest(fillable, { ...restOf(balance), quantity: Math.min(quantity, owed(balance)) }, clock.today(), clock.now())[0]
const restOf = ({ cause, prescribed, dispensed, firstAt }: OwedBalance) => ({ cause, prescribed, dispensed, firstAt })

/** Drugs and knowledge may have changed since the verification (42 CFR 456.705 asks for a screen at every fill). */
async function alertInTheWay(em: EntityManager, services: Services, prescription: Prescription): Promise<Obstacle | undefined> {
  const [alert] = await screenPrescription(em, services, prescription)
  if (!alert) return undefined
  await reviewAgain(em, actor, prescription)
  // which finding about a patient it is stays here: the code travels on the bus
  return { code: alert.kind === 'PATIENT' ? 'REVIEW_NEEDED' : alert.reasonCode, message: alert.otherPrescriptionId === prescription.id ? 'a pharmacist must first review a finding about you and this medicine' : 'a pharmacist must first review a finding with another of your medicines' }
}

/** A verified prescription comes back to the pharmacists, but not to who wrote it down. */
export const reviewAgain = (em: EntityManager, by: Actor, { id, enteredBy, submittedBy }: Prescription): Promise<WorkItem> =>
  openWorkItem(em, by, { queue: 'VERIFICATION', prescriptionId: id, priority: priorities.waiting, excluded: [enteredBy, submittedBy] })

function acceptFill(em: EntityManager, fill: Fill, { deaSchedule }: Prescription): void {
  const { id: fillId, prescriptionId, orderId, orderLineId, patientId, drugId, quantity, daysSupply } = fill
  emit(em, actor, 'prescriptions.fill-accepted.v1', fillId, { fillId, prescriptionId, orderId, orderLineId, patientId, drugId, quantity, daysSupply: daysSupply ?? null, deaSchedule })
}

/** Ends a fill that may not go ahead and tells the order why, and when it may. */
export function blockFill(em: EntityManager, fill: Fill, { code, message, nextEligibleAt = null }: Obstacle): void {
  Object.assign(fill, { statusReasonCode: code, statusReasonMessage: message, nextEligibleAt })
  apply(em, actor, fillLifecycle, fill, 'block', { reason: code })
  const { id: fillId, prescriptionId, orderId, orderLineId } = fill
  emit(em, actor, 'prescriptions.fill-blocked.v1', fillId, { fillId, prescriptionId, orderId, orderLineId, reasonCode: code, message, nextEligibleAt })
}
