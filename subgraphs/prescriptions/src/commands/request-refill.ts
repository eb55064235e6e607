import { LockMode } from '@mikro-orm/postgresql'
import { apply, begin, clock, emit, hasRole, isId, isStaff, newId, notFound, systemActor, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access, visiblePrescriptions } from '../access.ts'
import { PatientFact } from '../entities/facts.ts'
import { Fill, fillsUnderWay, fillsUndone } from '../entities/fill.ts'
import { chainOf, Prescription, productOf } from '../entities/prescription.ts'
import { openRefillStates, RefillRequest, type RefillOrigin } from '../entities/refill-request.ts'
import { refillRequestLifecycle } from '../lifecycles/refill-request.ts'
import { decideRefill } from '../reads/decide-refill.ts'
import { fillableOf } from '../reads/fillable.ts'

const system = systemActor('prescriptions')

/** A patient, or the pharmacy for them, asks for the next fill: decided at once, with the reason. Asked again while one is open, that one is the answer. */
export async function requestRefill(em: EntityManager, actor: Actor, { prescriptionId }: { prescriptionId: string }): Promise<RefillRequest> {
  access.must(actor, 'refill:request', undefined)
  const prescription = isId(prescriptionId) ? await em.findOne(Prescription, { $and: [{ id: prescriptionId }, visiblePrescriptions(actor, 'ORDER')] }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null
  if (!prescription?.patientId) throw notFound('prescription')
  return openRefill(em, actor, prescription, isStaff(actor) && !hasRole(actor, 'patient') ? 'STAFF' : 'PATIENT')
}

/** The open request of a locked prescription, or a new one, decided. */
export async function openRefill(em: EntityManager, actor: Actor, prescription: Prescription, origin: RefillOrigin): Promise<RefillRequest> {
  const open = await em.findOne(RefillRequest, { prescriptionId: prescription.id, status: { $in: [...openRefillStates] } })
  if (open) return open
  const request = em.create(RefillRequest, {
    id: newId(), prescriptionId: prescription.id, patientId: prescription.patientId!, origin, status: 'REQUESTED', reasonCode: 'REQUESTED', requestedBy: actor.subject, requestedAt: clock.now(),
  })
  begin(em, actor, refillRequestLifecycle, request, 'request')
  await em.flush()
  await decide(em, request, prescription)
  return request
}

/** Decides a request by what holds today; the event to the prescriber, where one is asked, follows from the state. */
export async function decide(em: EntityManager, request: RefillRequest, prescription: Prescription): Promise<void> {
  const fills = await em.find(Fill, { chainId: chainOf(prescription), status: { $nin: [...fillsUndone] } })
  const patient = await em.findOne(PatientFact, { patientId: request.patientId })
  const { verb, reasonCode, rule, dueOn } = decideRefill(prescription, fillableOf(prescription, fills, prescription.patientState), {
    today: clock.today(), consent: !!patient?.dispensingConsent, underWay: fills.some(({ status }) => fillsUnderWay.includes(status)),
  })
  if (verb === 'wait' && request.status === 'WAITING' && request.dueOn === dueOn) return
  Object.assign(request, { reasonCode, rule, dueOn, ...(verb === 'askPrescriber' ? { askedPrescriberAt: clock.now() } : {}) })
  apply(em, system, refillRequestLifecycle, request, verb, { reason: reasonCode })
  if (verb === 'approve' && request.origin === 'AUTO') tellAutoRefillDue(em, request, prescription)
}

/** The order of an automatic refill is placed by orders, which asks the patient first. */
function tellAutoRefillDue(em: EntityManager, { id: refillRequestId, patientId }: RefillRequest, prescription: Prescription): void {
  const { id: prescriptionId, deaSchedule, supplyUntil } = prescription
  emit(em, system, 'prescriptions.auto-refill-due.v1', refillRequestId, { refillRequestId, prescriptionId, patientId, drugId: productOf(prescription), deaSchedule, runsOutOn: supplyUntil ?? null })
}

/** Automatic wishes of a prescription, or of all of a patient's, that no order has come of yet are taken back. */
export async function withdrawAutoRefills(em: EntityManager, actor: Actor, of: { prescriptionId: string } | { patientId: string } | { id: string }, reasonCode: string): Promise<void> {
  const open = await em.find(RefillRequest, { ...of, origin: 'AUTO', status: { $in: ['REQUESTED', 'WAITING', 'WITH_PRESCRIBER', 'READY'] } }, { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE })
  for (const request of open) {
    request.reasonCode = reasonCode
    apply(em, actor, refillRequestLifecycle, request, 'cancel', { reason: reasonCode })
  }
}

/** Whoever may ask may also take it back, while no order has come of it. */
export async function cancelRefill(em: EntityManager, actor: Actor, { refillRequestId }: { refillRequestId: string }): Promise<RefillRequest> {
  access.must(actor, 'refill:request', undefined)
  const request = isId(refillRequestId) ? await em.findOne(RefillRequest, { id: refillRequestId }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null
  const prescription = request && (await em.findOne(Prescription, { $and: [{ id: request.prescriptionId }, visiblePrescriptions(actor, 'ORDER')] }))
  if (!request || !prescription) throw notFound('refill request')
  if (request.status === 'CANCELLED') return request
  request.reasonCode = 'CANCELLED_BY_REQUESTER'
  apply(em, actor, refillRequestLifecycle, request, 'cancel', { reason: request.reasonCode })
  return request
}
