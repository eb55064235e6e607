import { handler } from '@pharmagraph/platform'

/** A recall's message went out: its reference is the notice. The first time counts. */
export const notificationSent = handler('patients.notification-sent.v1', 'know-notified', async (em, { time, data: { template, reference, patientId } }) => {
  if (template === 'RECALL') await em.execute('update recall_notice set notified_at = ?, version = version + 1 where id = ? and patient_id = ? and notified_at is null', [new Date(time), reference, patientId])
})
