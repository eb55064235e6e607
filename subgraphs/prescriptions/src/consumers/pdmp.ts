/** State monitoring programmes: asked when a pharmacist takes up a review, told when a controlled fill leaves. */
import { clock, effect, newId, type EffectTools } from '@pharmagraph/platform'
import { Fill } from '../entities/fill.ts'
import { PdmpQuery, PdmpReport, PdmpZeroReport } from '../entities/pdmp.ts'
import { Prescription } from '../entities/prescription.ts'
import { pdmpDispensing, pdmpPatient } from '../pdmp/message.ts'
import { pdmpQueryRule, pdmpReportDue } from '../regulations/reporting.ts'
import type { Services } from '../services.ts'

export const pdmpConsumers = [
  effect<'prescriptions.work-item-changed.v1', Services>('prescriptions.work-item-changed.v1', 'ask-pdmp', async ({ data: { queue, state: itemState, prescriptionId } }, { services, transact }) => {
    if (queue !== 'VERIFICATION' || itemState !== 'CLAIMED' || !prescriptionId) return
    const asked = await transact(async (em) => {
      const prescription = await em.findOneOrFail(Prescription, { id: prescriptionId })
      const { patientId, patientState: state, deaSchedule } = prescription
      if (!patientId || !state || !pdmpQueryRule(deaSchedule, state, clock.today())) return undefined
      return { patientId, question: { state, pharmacy: services.pharmacy, patient: await pdmpPatient(em, services, prescription) } }
    })
    if (!asked) return
    const { patientId, question } = asked
    const answer = await services.pdmp.query(question)
    await transact(async (em) => {
      em.create(PdmpQuery, { id: newId(), prescriptionId, state: question.state, askedAt: clock.now(), sealedFor: patientId, sealed: await services.vault.seal(em, patientId, answer) })
    })
  }),

  effect<'prescriptions.fill-released.v1', Services>('prescriptions.fill-released.v1', 'tell-pdmp', ({ data: { fillId } }, tools) => tellOf(fillId, tools)),

  // what was told of a fill that went back on the shelf is taken back
  effect<'prescriptions.fill-returned.v1', Services>('prescriptions.fill-returned.v1', 'void-at-pdmp', async ({ data: { fillId } }, { services, transact }) => {
    const dispensing = await transact(async (em) => {
      const told = await em.findOne(PdmpReport, { fillId })
      const fill = told && (await em.findOneOrFail(Fill, { id: fillId }))
      // what left the pharmacy and came back was dispensed all the same
      if (fill?.status !== 'RETURNED_TO_STOCK') return undefined
      return pdmpDispensing(em, services, { state: told!.state, fill, prescription: await em.findOneOrFail(Prescription, { id: fill.prescriptionId }), reporting: '02' })
    })
    if (dispensing) await services.pdmp.report(dispensing)
  }),

  // a day without a dispensing, or one that was not told in time
  effect<'prescriptions.pdmp-report-due.v1', Services>('prescriptions.pdmp-report-due.v1', 'tell-pdmp-again', async ({ data: { state, day, fillId } }, tools) => {
    if (fillId) return tellOf(fillId, tools)
    await tools.services.pdmp.reportNone({ state, pharmacy: tools.services.pharmacy, day })
    await tools.transact((em) => em.nativeUpdate(PdmpZeroReport, { state, day, reportedAt: null }, { reportedAt: clock.now() }))
  }),
]

/** Tells the programme of the state a controlled fill goes to; nothing where no row asks for it, or it was told before. */
async function tellOf(fillId: string, { services, transact }: EffectTools<Services>): Promise<void> {
  const found = await transact(async (em) => {
    if (await em.count(PdmpReport, { fillId })) return undefined
    const fill = await em.findOneOrFail(Fill, { id: fillId })
    // it went back on the shelf before anybody was told
    if (fill.status === 'RETURNED_TO_STOCK') return undefined
    const prescription = await em.findOneOrFail(Prescription, { id: fill.prescriptionId })
    const state = fill.destinationState ?? prescription.patientState
    const due = pdmpReportDue(prescription.deaSchedule, state, clock.dayOf(fill.releasedAt ?? clock.now()))
    return state && due ? { due, dispensing: await pdmpDispensing(em, services, { state, fill, prescription, reporting: '00' }) } : undefined
  })
  if (!found) return
  const { due, dispensing } = found
  await services.pdmp.report(dispensing)
  await transact((em) => em.upsert(PdmpReport, { fillId, state: dispensing.state, dueDay: due.day, rule: due.rule.id, reportedAt: clock.now() }, { onConflictFields: ['fillId'], onConflictAction: 'ignore' }))
}
