import { clock, invalid, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { nextBusinessDay } from '../business-days.ts'
import { gtinBody } from '../entities/drug-fact.ts'
import { Lot } from '../entities/lot.ts'
import { TransactionRecord } from '../entities/transaction-record.ts'

export type ProductTrace = { transactions: TransactionRecord[]; lots: Lot[]; quantityDispensed: number; answerDueOn: string }
type Traced = { gtin: string; serialNumber?: string | null | undefined; lotNumber?: string | null | undefined }

/** From whom a product came and what became of it, by package or by lot: the answer to a tracing request, due in two business days (21 USC 360eee-1(d)(1)(D)). */
export async function traceProduct(em: EntityManager, actor: Actor, { gtin, serialNumber, lotNumber }: Traced): Promise<ProductTrace> {
  access.must(actor, 'product:trace', undefined)
  if (!/^\d{14}$/.test(gtin)) throw invalid('gtin', 'a GTIN has fourteen digits')
  if (!serialNumber && !lotNumber) throw invalid('lotNumber', 'name the serial number or the lot')
  const rows = await em.execute<{ id: string }[]>(
    `select lot.id from lot join drug_fact drug on drug.id = lot.drug_id where drug.gtin_body = ? and upper(lot.batch_number) = upper(?)`, [gtinBody(gtin), lotNumber ?? ''],
  )
  const named = serialNumber ? await em.find(TransactionRecord, { gtin, serialNumber }) : []
  const lotIds = [...new Set(serialNumber ? named.map(({ lotId }) => lotId) : rows.map(({ id }) => id))]
  const transactions = serialNumber ? named : await em.find(TransactionRecord, { lotId: { $in: lotIds } }, { orderBy: { id: 'asc' }, limit: 1_000 })
  const [dispensed] = await em.execute<{ quantity: string | null }[]>(
    `select sum(record.quantity) as quantity from dispense_record record
     join reservation on reservation.order_line_id = record.order_line_id and reservation.status = 'COMMITTED'
     where record.lot_id = any(?::uuid[]) and (?::text is null or record.serial_number = ?)`, [`{${lotIds.join(',')}}`, serialNumber ?? null, serialNumber ?? null],
  )
  return {
    transactions, lots: await em.find(Lot, { id: { $in: lotIds } }, { orderBy: { id: 'asc' } }), quantityDispensed: Number(dispensed?.quantity ?? 0),
    answerDueOn: nextBusinessDay(nextBusinessDay(clock.today())),
  }
}
