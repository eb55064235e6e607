import { begin, clock, emit, invalid, isId, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { DrugFact } from '../entities/drug-fact.ts'
import { LedgerEntry } from '../entities/ledger-entry.ts'
import { Location } from '../entities/location.ts'
import { Lot } from '../entities/lot.ts'
import { lotLifecycle } from '../lifecycles/lot.ts'
import { checkUnits } from '../quantity.ts'
import { book, lockLots } from './book.ts'
import { receiveAgainst } from './purchase-orders.ts'
import { applyOpenRecalls } from './recall-lots.ts'

/** `lotId` and `receivedAt` are for stock that was elsewhere on the books before. */
export type Delivery = {
  drugId: string; locationId: string; batchNumber: string; expiryDate: string; quantity: number; reference: string
  lotId?: string; receivedAt?: Date
  /** The purchase order it was ordered by. */
  purchaseOrderId?: string | null | undefined
}

/**
 * Takes deliveries into their lots, all in one go, and answers the lots in the same order. A new lot begins RECEIVING
 * and is sold once it is released. A delivery whose reference the lot has seen is not booked again.
 */
export async function receiveStock(em: EntityManager, actor: Actor, deliveries: readonly Delivery[]): Promise<Lot[]> {
  access.must(actor, 'lot:receive', undefined)
  const today = clock.today()
  for (const delivery of deliveries) checkDelivery(delivery, today)
  const ndcs = await knownNdcs(em, deliveries)
  const isNew = await makeMissingLots(em, actor, deliveries, ndcs)
  const lots = await lotsByKey(em, deliveries)
  const booked = await receiptsOf(em, [...lots.values()])

  const made = [...new Set(lots.values())].filter(({ id }) => isNew.has(id))
  for (const lot of made) begin(em, actor, lotLifecycle, lot)
  const received: Lot[] = []
  const isBooked = (delivery: Delivery): boolean => booked.has(`${lots.get(keyOf(delivery))!.id} ${delivery.reference}`)
  for (const delivery of deliveries) if (delivery.purchaseOrderId && !isBooked(delivery)) await receiveAgainst(em, delivery.purchaseOrderId, delivery)
  for (const delivery of deliveries) received.push(receiveOne(delivery))
  await applyOpenRecalls(em, actor, made)
  return received

  function receiveOne(delivery: Delivery): Lot {
    const lot = lots.get(keyOf(delivery))!
    if (lot.expiryDate !== delivery.expiryDate) throw invalid('expiryDate', `this batch is known to expire on ${lot.expiryDate}`)
    const known = booked.get(`${lot.id} ${delivery.reference}`)
    if (known !== undefined && known !== delivery.quantity) throw invalid('quantity', `${known} units were received under this reference before`)
    if (known !== undefined) return lot
    if (['DESTROYED', 'RETURNED_TO_SUPPLIER'].includes(lot.status)) throw invalid('batchNumber', `this batch is ${lot.status}: nothing more may be received into it`)
    booked.set(`${lot.id} ${delivery.reference}`, delivery.quantity)
    book(em, actor, lot, { type: 'RECEIPT', delta: delivery.quantity, reference: delivery.reference })
    const { drugId, locationId, batchNumber, expiryDate, quantity } = delivery
    emit(em, actor, 'inventory.stock-received.v1', lot.id, { lotId: lot.id, drugId, locationId, batchNumber, expiryDate, quantity })
    return lot
  }
}

function checkDelivery({ drugId, locationId, batchNumber, expiryDate, quantity, reference }: Delivery, today: string): void {
  if (!isId(drugId)) throw invalid('drugId', 'this drug is not known here')
  if (!isId(locationId)) throw invalid('locationId', 'this location is not known here')
  if (!/^[\x21-\x7e]{1,20}$/.test(batchNumber)) throw invalid('batchNumber', 'a lot number has 1 to 20 characters without spaces (GS1 AI 10)')
  if (expiryDate < today) throw invalid('expiryDate', 'this batch has expired: send it back')
  checkUnits('quantity', quantity)
  if (quantity <= 0) throw invalid('quantity', 'receive more than nothing')
  if (!reference.trim() || reference.length > 100) throw invalid('reference', 'name the delivery note, in 1 to 100 characters')
}

/** NDC by drug id; refuses drugs and locations that are not known. */
async function knownNdcs(em: EntityManager, deliveries: readonly Delivery[]): Promise<Map<string, string>> {
  const locations = await em.find(Location, { id: { $in: [...new Set(deliveries.map(({ locationId }) => locationId))] } })
  const facts = await em.find(DrugFact, { id: { $in: [...new Set(deliveries.map(({ drugId }) => drugId))] } })
  const ndcs = new Map(facts.map(({ id, ndc }) => [id, ndc]))
  for (const { drugId, locationId } of deliveries) {
    if (!locations.some(({ id }) => id === locationId)) throw invalid('locationId', 'this location is not known here')
    if (!ndcs.has(drugId)) throw invalid('drugId', 'this drug is not known here')
  }
  return ndcs
}

/** Rows for batches never seen, at zero; two deliveries of a new batch at the same moment make one row. Answers the ids made here. */
export async function makeMissingLots(em: EntityManager, actor: Actor, deliveries: readonly Delivery[], ndcs: Map<string, string>): Promise<Set<string>> {
  const rows = [...new Map(deliveries.map((delivery) => [keyOf(delivery), delivery])).values()].map((delivery) => ({
    id: delivery.lotId ?? newId(), drugId: delivery.drugId, ndc: ndcs.get(delivery.drugId)!, batchNumber: delivery.batchNumber,
    expiryDate: delivery.expiryDate, locationId: delivery.locationId, receivedAt: delivery.receivedAt ?? clock.now(), statusBy: actor.subject,
  }))
  const made = await em.execute<{ id: string }[]>(
    `insert into lot (id, drug_id, ndc, batch_number, expiry_date, quantity_on_hand, quantity_reserved, location_id, status, status_by, received_at)
     select id, "drugId", ndc, "batchNumber", "expiryDate", 0, 0, "locationId", 'RECEIVING', "statusBy", "receivedAt"
     from jsonb_to_recordset(?::jsonb) as given (id uuid, "drugId" uuid, ndc text, "batchNumber" text, "expiryDate" date, "locationId" uuid, "statusBy" text, "receivedAt" timestamptz)
     on conflict (drug_id, batch_number, location_id) where origin = 'SUPPLIER' do nothing returning id`,
    [JSON.stringify(rows)],
  )
  return new Set(made.map(({ id }) => id))
}

async function lotsByKey(em: EntityManager, deliveries: readonly Delivery[]): Promise<Map<string, Lot>> {
  const ids = await em.execute<{ id: string }[]>(
    `select lot.id from lot join jsonb_to_recordset(?::jsonb) as given ("drugId" uuid, "batchNumber" text, "locationId" uuid)
     on lot.drug_id = given."drugId" and lot.batch_number = given."batchNumber" and lot.location_id = given."locationId" and lot.origin = 'SUPPLIER'`,
    [JSON.stringify(deliveries)],
  )
  const lots = await lockLots(em, ids.map(({ id }) => id))
  return new Map([...lots.values()].map((lot) => [keyOf(lot), lot]))
}

/** Quantity by "lot reference" of receipts already booked. */
async function receiptsOf(em: EntityManager, lots: readonly Lot[]): Promise<Map<string, number>> {
  const entries = await em.find(LedgerEntry, { type: 'RECEIPT', lotId: { $in: lots.map(({ id }) => id) } })
  return new Map(entries.map(({ lotId, reference, delta }) => [`${lotId} ${reference}`, delta]))
}

const keyOf = ({ drugId, batchNumber, locationId }: { drugId: string; batchNumber: string; locationId: string }): string => `${drugId} ${batchNumber} ${locationId}`
