/** State monitoring programmes: asked when a pharmacist takes up a review, told when a controlled fill leaves. */
import { clock, effect, newId, type EffectTools } from '@pharmagraph/platform'
import { Fill } from '../entities/fill.ts'
import { PdmpQuery, PdmpReport, PdmpZeroReport } from '../entities/pdmp.ts'
import { Prescription } from '../entities/prescription.ts'
import { pdmpQueryRule, pdmpReportDue } from '../regulations/reporting.ts'
import type { Services } from '../services.ts'

export const pdmpConsumers = [
  effect<'prescriptions.work-item-changed.v1', Services>('prescriptions.work-item-changed.v1', 'ask-pdmp', async ({ data: { queue, state: itemState, prescriptionId } }, { services, transact }) => {
    if (queue !== 'VERIFICATION' || itemState !== 'CLAIMED' || !prescriptionId) return
    const question = await transact(async (em) => {
      const { patientId, patientState: state, deaSchedule } = await em.findOneOrFail(Prescription, { id: prescriptionId })
      return patientId && state && pdmpQueryRule(deaSchedule, state, clock.today()) ? { patientId, state, prescriptionId } : undefined
    })
    if (!question) return
    const answer = await services.pdmp.query(question)
    await transact(async (em) => {
      em.create(PdmpQuery, {
        id: newId(), prescriptionId, state: question.state, askedAt: clock.now(), sealedFor: question.patientId, sealed: await services.vault.seal(em, question.patientId, answer),
      })
    })
  }),

  effect<'prescriptions.fill-released.v1', Services>('prescriptions.fill-released.v1', 'tell-pdmp', ({ data: { fillId } }, tools) => tellOf(fillId, tools)),

  // a day without a dispensing, or one that was not told in time
  effect<'prescriptions.pdmp-report-due.v1', Services>('prescriptions.pdmp-report-due.v1', 'tell-pdmp-again', async ({ data: { state, day, fillId } }, tools) => {
    if (fillId) return tellOf(fillId, tools)
    await tools.services.pdmp.reportNone({ state, day })
    await tools.transact((em) => em.nativeUpdate(PdmpZeroReport, { state, day, reportedAt: null }, { reportedAt: clock.now() }))
  }),
]

/** Tells the programme of the state a controlled fill goes to; nothing where no row asks for it, or it was told before. */
async function tellOf(fillId: string, { services, transact }: EffectTools<Services>): Promise<void> {
  const found = await transact(async (em) => {
    if (await em.count(PdmpReport, { fillId })) return undefined
    const { destinationState, quantity, daysSupply, releasedAt, prescriptionId, patientId, drugId } = await em.findOneOrFail(Fill, { id: fillId })
    const { patientState, deaSchedule } = await em.findOneOrFail(Prescription, { id: prescriptionId })
    const state = destinationState ?? patientState
    const dispensedOn = clock.dayOf(releasedAt ?? clock.now())
    const due = pdmpReportDue(deaSchedule, state, dispensedOn)
    return state && due ? { due, dispensing: { state, fillId, patientId, drugId, schedule: deaSchedule, quantity, daysSupply: daysSupply ?? null, dispensedOn } } : undefined
  })
  if (!found) return
  const { due, dispensing } = found
  await services.pdmp.report(dispensing)
  await transact((em) => em.upsert(PdmpReport, { fillId, state: dispensing.state, dueDay: due.day, rule: due.rule.id, reportedAt: clock.now() }, { onConflictFields: ['fillId'], onConflictAction: 'ignore' }))
}
