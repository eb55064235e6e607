import type { EntityManager } from '@pharmagraph/platform'
import { NetworkStatus } from '../entities/network-status.ts'
import type { Prescription } from '../entities/prescription.ts'

type Named = Pick<Prescription, 'messageId' | 'prescriberOrderNumber'>

/** What the network said of each, by when it happened; the batch function of a dataloader. */
export const networkStatuses = (em: EntityManager) => async (prescriptions: readonly Named[]): Promise<NetworkStatus[][]> => {
  const messageIds = prescriptions.flatMap(({ messageId }) => messageId ?? [])
  const orderNumbers = prescriptions.flatMap(({ prescriberOrderNumber }) => prescriberOrderNumber ?? [])
  const rows = await em.find(NetworkStatus, { $or: [{ messageId: { $in: messageIds } }, { prescriberOrderNumber: { $in: orderNumbers } }] }, { orderBy: { occurredAt: 'asc', eventId: 'asc' } })
  return prescriptions.map(({ messageId, prescriberOrderNumber }) =>
    rows.filter((row) => (row.messageId !== null && row.messageId === messageId) || (row.prescriberOrderNumber !== null && row.prescriberOrderNumber === prescriberOrderNumber)))
}
