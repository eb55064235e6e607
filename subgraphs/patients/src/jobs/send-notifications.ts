import { clock, type Actor, type EntityManager, type Job } from '@pharmagraph/platform'
import { prepareNotification, recordNotSent, recordSent } from '../commands/send-notification.ts'
import { Notification } from '../entities/notification.ts'
import { services } from '../services.ts'

const batchSize = 20

/**
 * Hands due notifications to the message service. The job's own transaction holds nothing but its advisory lock: what
 * is sent is read and recorded in transactions of its own, so that no row is locked while the service is called. A
 * message sent but not recorded, because the process died, is handed over again under its id and not sent twice.
 */
export const sendNotifications: Job = {
  name: 'send-notifications',
  everyMs: 1_000,
  async run(em, actor) {
    const due = await em.find(Notification, { status: 'QUEUED', dueAt: { $lte: clock.now() } }, { fields: ['id'], orderBy: { dueAt: 'asc' }, limit: batchSize })
    const separate = <T>(work: (em: EntityManager) => Promise<T>): Promise<T> => em.fork({ clear: true }).transactional(work)
    await Promise.all(due.map(({ id }) => send(separate, actor, id)))
  },
}

async function send(transact: <T>(work: (em: EntityManager) => Promise<T>) => Promise<T>, actor: Actor, id: string): Promise<void> {
  const message = await transact((em) => prepareNotification(em, services(), id))
  if (!message) return
  try {
    await services().notifier.send(message)
  } catch (error) {
    return transact((em) => recordNotSent(em, actor, id, error))
  }
  await transact((em) => recordSent(em, actor, id))
}
