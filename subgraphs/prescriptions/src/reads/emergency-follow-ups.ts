/** The orders that must follow oral ones, and what is due where they do not. */
import { clock, type EntityManager } from '@pharmagraph/platform'
import type { EmergencyFollowUp, Notice } from '../entities/emergency-follow-up.ts'
import { Prescription } from '../entities/prescription.ts'
import { emergencyDuties, isMet, tellBy, type Receipt } from '../regulations/emergency.ts'
import type { Authority } from '../regulations/rules.ts'

export type EmergencyDuty = { authority: Authority; rule: string; source: string; dueAt: Date; met: boolean; toTell: boolean; tellBy: Date | null; notice: Notice | null }

export const receiptOf = ({ receivedAt, postmarkedOn }: Pick<EmergencyFollowUp, 'receivedAt' | 'postmarkedOn'>): Receipt | null => (receivedAt ? { at: receivedAt, postmarkedOn: postmarkedOn ?? null } : null)
export const toldAuthorities = ({ notices }: Pick<EmergencyFollowUp, 'notices'>): Authority[] => notices.map(({ authority }) => authority)

/** Each row that holds, the earliest first: whether it was met, and who is to be told by when. `dispensedAt`: the first release. */
export function dutiesOf(followUp: EmergencyFollowUp, state: string | null, dispensedAt: Date | null): EmergencyDuty[] {
  const { authorisedAt, status, notices } = followUp
  return emergencyDuties({ authorisedAt, state }).map((duty): EmergencyDuty => {
    const { id, source, parameters } = duty.rule
    const met = isMet(duty, receiptOf(followUp))
    const notice = notices.find(({ authority }) => authority === parameters.tell) ?? null
    const toTell = status === 'OVERDUE' && !met && !notice && clock.now() > duty.dueAt
    return { authority: parameters.tell, rule: id, source, dueAt: duty.dueAt, met, toTell, tellBy: tellBy(duty, dispensedAt), notice }
  })
}

/** Electronic prescriptions that may be the ones awaited: same patient, prescriber, drug and quantity; the batch function of a dataloader. */
export const emergencyCandidates = (em: EntityManager) => async (oralIds: readonly string[]): Promise<Prescription[][]> => {
  const rows = await em.execute<{ oral: string; id: string }[]>(
    `select oral.id as oral, later.id from prescription oral join prescription later
       on later.patient_id = oral.patient_id and later.prescriber_npi = oral.prescriber_npi and later.drug_id = oral.drug_id and later.quantity = oral.quantity
     where oral.id = any(string_to_array(?, ',')::uuid[]) and later.source not in ('ORAL', 'UPLOAD') and later.issue_date >= oral.issue_date and later.received_at >= oral.oral_authorised_at
       and later.status in ('RECEIVED', 'DATA_ENTRY', 'CLINICAL_REVIEW', 'CLARIFICATION') order by later.id`, [oralIds.join(',')])
  const found = new Map((await em.find(Prescription, { id: { $in: rows.map(({ id }) => id) } })).map((prescription) => [prescription.id, prescription]))
  return oralIds.map((oralId) => rows.filter(({ oral }) => oral === oralId).map(({ id }) => found.get(id)!))
}
