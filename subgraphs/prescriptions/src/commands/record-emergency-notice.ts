import { LockMode } from '@mikro-orm/postgresql'
import { apply, clock, invalid, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { isDay } from '../content.ts'
import { EmergencyFollowUp } from '../entities/emergency-follow-up.ts'
import type { Prescription } from '../entities/prescription.ts'
import { emergencyFollowUpLifecycle } from '../lifecycles/emergency-follow-up.ts'
import { receiptOf, toldAuthorities } from '../reads/emergency-follow-ups.ts'
import { refused } from '../refusals.ts'
import { failedDuties, isSettled } from '../regulations/emergency.ts'
import type { Authority } from '../regulations/rules.ts'
import { lockedPrescription } from './hold-prescription.ts'

export type EmergencyNotice = { prescriptionId: string; authority: Authority; notifiedOn: string; reference: string }

/**
 * A pharmacist told an authority that a prescriber did not confirm an oral order in time (21 CFR 1306.11(d)(4)). Answers the oral
 * prescription. Throws INVALID_INPUT with the field, TRANSITION_REFUSED where nothing is overdue or that authority need not know.
 */
export async function recordEmergencyNotice(em: EntityManager, actor: Actor, { prescriptionId, authority, notifiedOn, reference }: EmergencyNotice): Promise<Prescription> {
  access.must(actor, 'review:decide', undefined)
  const oral = await lockedPrescription(em, prescriptionId)
  const followUp = await em.findOne(EmergencyFollowUp, { prescriptionId: oral.id }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (!followUp) throw invalid('prescriptionId', 'this prescription was not given by word of mouth')
  if (!/^[\x20-\x7e]{3,100}$/.test(reference.trim())) throw invalid('reference', 'write the reference of the notice, a number or an address, in 3 to 100 characters')
  const order = { authorisedAt: followUp.authorisedAt, state: oral.patientState }
  const refuse = (code: string, message: string) => refused(emergencyFollowUpLifecycle, followUp, actor, { code, message })
  const failed = failedDuties(order, receiptOf(followUp), clock.now()).find(({ rule }) => rule.parameters.tell === authority)
  if (followUp.status !== 'OVERDUE' || !failed) throw refuse('NOTHING_TO_TELL', 'nothing is overdue that this authority must hear of')
  if (toldAuthorities(followUp).includes(authority)) throw refuse('TOLD_BEFORE', 'this authority was told before')
  if (!isDay(notifiedOn) || notifiedOn < clock.dayOf(failed.dueAt) || notifiedOn > clock.today()) throw invalid('notifiedOn', `the day lies between ${clock.dayOf(failed.dueAt)}, when it was overdue, and today`)
  followUp.notices = [...followUp.notices, { authority, rule: failed.rule.id, on: notifiedOn, reference: reference.trim(), by: actor.subject, recordedAt: clock.now().toISOString() }]
  const settled = isSettled(order, receiptOf(followUp), toldAuthorities(followUp))
  apply(em, actor, emergencyFollowUpLifecycle, followUp, settled ? 'notify' : 'noteNotice', { reason: `TOLD_${authority}` })
  return oral
}
