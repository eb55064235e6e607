import { apply, invalid, isId, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { Recall, RecallNotice } from '../entities/recall.ts'
import type { AnswerRecallNoticeInput } from '../generated/resolvers.ts'
import { recallLifecycle, recallNoticeLifecycle } from '../lifecycles/recall.ts'

/** The patient says that they know, or staff who reached them, or could not. */
export async function answerRecallNotice(em: EntityManager, actor: Actor, { noticeId, verb, note }: AnswerRecallNoticeInput): Promise<RecallNotice> {
  const notice = isId(noticeId) ? await em.findOne(RecallNotice, { id: noticeId }) : null
  if (!notice) throw notFound('recall-notice')
  access.must(actor, 'recall-notice:answer', notice)
  // what people write about themselves is kept under their own key, and nobody has one here
  if (note?.trim()) throw invalid('note', 'nothing is kept here in words about a person: write it to the pharmacist as a message')
  apply(em, actor, recallNoticeLifecycle, notice, verb)
  return notice
}

/** Closes a recall once nobody is left to be told. */
export async function closeRecall(em: EntityManager, actor: Actor, recallId: string): Promise<Recall> {
  access.must(actor, 'recall:open', undefined)
  const recall = isId(recallId) ? await em.findOne(Recall, { id: recallId }) : null
  if (!recall) throw notFound('recall')
  const [row] = await em.execute<{ unanswered: number }[]>(
    `select count(distinct record.patient_id)::int as unanswered
     from recall_lot named join dispense_record record on record.lot_id = named.lot_id
     join reservation on reservation.order_line_id = record.order_line_id and reservation.status = 'COMMITTED'
     left join recall_notice notice on notice.recall_id = named.recall_id and notice.patient_id = record.patient_id
     where named.recall_id = ? and coalesce(notice.status, 'REQUESTED') = 'REQUESTED'`,
    [recall.id],
  )
  if (row!.unanswered > 0) throw invalid('recallId', `${row!.unanswered} people have not answered, or their parcel is still to be stopped`)
  apply(em, actor, recallLifecycle, recall, 'close')
  return recall
}
