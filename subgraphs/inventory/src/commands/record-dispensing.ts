import { createHash } from 'node:crypto'
import { clock, newId, type EntityManager } from '@pharmagraph/platform'
import { DispenseRecord } from '../entities/dispense-record.ts'
import type { Lot } from '../entities/lot.ts'
import type { Reservation } from '../entities/reservation.ts'

export type Recipient = { patientId: string; fillId: string | null; releasedBy: string; fillRecordHash: string | null }

/** Writes what one lot gave to one order line, in the transaction that takes it off the books. */
export function recordDispensing(em: EntityManager, { orderId, orderLineId, drugId }: Reservation, lot: Lot, quantity: number, serialNumber: string | null, recipient: Recipient): void {
  const record = {
    id: newId(), orderId, orderLineId, drugId, lotId: lot.id, ndc: lot.ndc, batchNumber: lot.batchNumber, expiryDate: lot.expiryDate, serialNumber, quantity,
    ...recipient, releasedAt: clock.now(),
  }
  em.create(DispenseRecord, { ...record, hash: dispenseHash(record) })
}

/** SHA-256, hex, of the record's fields by name, so that a row changed behind the trigger's back is found. */
export function dispenseHash(record: Omit<DispenseRecord, 'hash' | symbol>): string {
  const { id, fillId, orderId, orderLineId, patientId, drugId, lotId, ndc, batchNumber, expiryDate, serialNumber, quantity, releasedBy, fillRecordHash, releasedAt } = record
  const fields = [id, fillId, orderId, orderLineId, patientId, drugId, lotId, ndc, batchNumber, expiryDate, serialNumber, quantity, releasedBy, fillRecordHash, releasedAt.toISOString()]
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex')
}
