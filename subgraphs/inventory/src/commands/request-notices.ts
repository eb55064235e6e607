import { begin, clock, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { RecallNotice } from '../entities/recall.ts'
import { recallNoticeLifecycle } from '../lifecycles/recall.ts'

const batch = 500

/**
 * Asks for a notice to each person whose parcel with a recalled lot has left the house, once per recall, some hundreds
 * at a time. Looking again finds parcels that shipped after the recall, and goes on where a killed process stopped.
 */
export async function requestNotices(em: EntityManager, actor: Actor): Promise<void> {
  access.must(actor, 'recall:notify', undefined)
  const due = await em.execute<{ recall_id: string; patient_id: string }[]>(
    `select distinct named.recall_id, record.patient_id
     from recall join recall_lot named on named.recall_id = recall.id
     join dispense_record record on record.lot_id = named.lot_id
     join stock_request parcel on parcel.id = record.order_id and parcel.shipped_at is not null
     where recall.status = 'OPEN'
       and not exists (select from recall_notice notice where notice.recall_id = named.recall_id and notice.patient_id = record.patient_id)
     limit ${batch}`,
  )
  for (const { recall_id: recallId, patient_id: patientId } of due) {
    const notice = em.create(RecallNotice, { id: newId(), recallId, patientId, status: 'REQUESTED', requestedAt: clock.now(), notifiedAt: null, answeredAt: null })
    begin(em, actor, recallNoticeLifecycle, notice)
  }
}
