import { LockMode, raw } from '@mikro-orm/postgresql'
import { addDays, apply, clock, emit, type Job } from '@pharmagraph/platform'
import { decide, openRefill } from '../commands/request-refill.ts'
import { PatientFact } from '../entities/facts.ts'
import { Prescription } from '../entities/prescription.ts'
import { openRefillStates, RefillRequest } from '../entities/refill-request.ts'
import { refillRequestLifecycle } from '../lifecycles/refill-request.ts'

const batch = 200
/** So many days before the run-out a patient is told, or the refill asked for by itself. */
export const leadDays = 7
/** After so many days without an answer the prescriber is taken to give none. */
export const prescriberDays = 5

/** By the day: what waited comes due, supplies that run out soon are told or asked for, prescribers who do not answer are given up. */
export const planRefills: Job = {
  name: 'plan-refills',
  everyMs: 60_000,
  async run(em, actor) {
    const lock = { limit: batch, lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE } as const
    for (const request of await em.find(RefillRequest, { status: 'WAITING', dueOn: { $lte: clock.today() } }, { ...lock, orderBy: { prescriptionId: 'asc' } })) {
      await decide(em, request, await em.findOneOrFail(Prescription, { id: request.prescriptionId }, { lockMode: LockMode.PESSIMISTIC_WRITE }))
    }
    const silentSince = new Date(clock.now().getTime() - prescriberDays * 86_400_000)
    for (const request of await em.find(RefillRequest, { status: 'WITH_PRESCRIBER', askedPrescriberAt: { $lt: silentSince } }, lock)) {
      request.reasonCode = 'PRESCRIBER_SILENT'
      apply(em, actor, refillRequestLifecycle, request, 'decline', { reason: request.reasonCode })
    }
    // one notice and one wish for each run-out
    const runningOut = await em.find(Prescription, {
      status: { $in: ['VERIFIED', 'DEPLETED'] }, supplyUntil: { $lte: addDays(clock.today(), leadDays), $gte: clock.today() }, $or: [{ dueSoonToldFor: null }, { dueSoonToldFor: { $ne: raw('supply_until') } }],
    }, { ...lock, orderBy: { id: 'asc' } })
    for (const prescription of runningOut) {
      const { id: prescriptionId, patientId, supplyUntil } = prescription
      if (!patientId || !supplyUntil || prescription.dueSoonToldFor === supplyUntil) continue
      prescription.dueSoonToldFor = supplyUntil
      const consent = await em.findOne(PatientFact, { patientId })
      const auto = prescription.autoRefill && !!consent?.autoRefillConsent
      if (auto) await openRefill(em, actor, prescription, 'AUTO')
      else if (!(await em.count(RefillRequest, { prescriptionId, status: { $in: [...openRefillStates] } }))) {
        emit(em, actor, 'prescriptions.refill-due-soon.v1', prescriptionId, { prescriptionId, patientId, runsOutOn: supplyUntil, refillsLeft: prescription.status === 'VERIFIED' })
      }
    }
  },
}
