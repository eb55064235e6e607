import { addMonths, clock, invalid, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { parseGs1 } from '@pharmagraph/schema/identifiers'
import { access } from '../access.ts'
import { DrugFact, gtinBody } from '../entities/drug-fact.ts'
import type { Lot } from '../entities/lot.ts'
import { isAuthorised, TradingPartner } from '../entities/trading-partner.ts'
import { TransactionRecord } from '../entities/transaction-record.ts'
import type { ReceiveScanInput } from '../generated/resolvers.ts'
import { receiveStock } from './receive-stock.ts'
import { openCase } from './suspect-product.ts'
import { openSuspectStatuses, SuspectCase } from '../entities/suspect-case.ts'

/**
 * Receives what a GS1 DataMatrix says, with the transaction data that the law wants kept. A package with a serial number
 * comes once: again under the same note it is the same package, under another it is suspect (21 USC 360eee-1(d)(4)).
 */
export async function receiveScan(em: EntityManager, actor: Actor, input: ReceiveScanInput): Promise<Lot> {
  access.must(actor, 'lot:receive', undefined)
  const { locationId, reference, sellerName, sellerGln, transactionDate, bin, transactionStatement: statement = true, purchaseOrderId } = input
  const scan = parseGs1(input.scan)
  if (!scan) throw invalid('scan', 'this is no GS1 element string with a GTIN')
  const { gtin, lotNumber, expiryDate, serialNumber } = scan
  if (!lotNumber || !expiryDate) throw invalid('scan', 'a drug package names its lot (10) and its expiry (17)')
  if (!sellerName.trim() || sellerName.length > 200) throw invalid('sellerName', 'name the seller, in 1 to 200 characters')
  if (!/^\d{13}$/.test(sellerGln)) throw invalid('sellerGln', 'a Global Location Number has thirteen digits')
  if (transactionDate > clock.today()) throw invalid('transactionDate', 'this day has not come yet')
  if (bin && !/^[\x21-\x7e]{1,20}$/.test(bin)) throw invalid('bin', 'a bin has 1 to 20 characters without spaces')

  const seller = await em.findOne(TradingPartner, { gln: sellerGln })
  if (!seller || !isAuthorised(seller, clock.today())) throw invalid('sellerGln', 'the seller is no authorised trading partner (21 USC 360eee-1(d)(1)): refuse the delivery')

  const [drug, another] = await em.find(DrugFact, { gtinBody: gtinBody(gtin) }, { orderBy: { id: 'asc' }, limit: 2 })
  if (!drug) throw invalid('scan', `no drug is known under GTIN ${gtin}`)
  if (another) throw invalid('scan', `more than one drug is known under GTIN ${gtin}: receive it by hand`)
  const quantity = quantityOf(input.quantity, gtin, serialNumber, drug)

  // two scans of one package at the same moment meet here
  if (serialNumber) await em.execute('select pg_advisory_xact_lock(hashtext(?))', [`serial:${gtin}:${serialNumber}`])
  const before = serialNumber ? await em.findOne(TransactionRecord, { gtin, serialNumber }) : null
  if (before && before.reference !== reference) throw invalid('scan', 'a package with this serial number was received before: quarantine both and investigate')

  // each package is a receipt of its own
  const [lot] = await receiveStock(em, actor, [{ drugId: drug.id, locationId, batchNumber: lotNumber, expiryDate, quantity, reference: serialNumber ? `${reference}/${serialNumber}` : reference, purchaseOrderId }])
  if (bin) lot!.bin = bin
  const known = before ?? (await em.findOne(TransactionRecord, { lotId: lot!.id, reference, gtin, serialNumber: serialNumber ?? null }))
  if (!known) {
    const sixYearsOn = addMonths(clock.today(), 72)
    em.create(TransactionRecord, {
      id: newId(), lotId: lot!.id, reference, sellerName, sellerGln, transactionDate, statement, gtin, serialNumber: serialNumber ?? null, quantity, receivedAt: clock.now(), retainUntil: sixYearsOn,
    })
    if (!statement && !(await em.count(SuspectCase, { lotId: lot!.id, status: { $in: [...openSuspectStatuses] } }))) await openCase(em, actor, lot!, 'it came without a transaction statement')
  }
  return lot!
}

/** One package's units; a case does not say how many packages are in it. */
function quantityOf(given: number | null | undefined, gtin: string, serialNumber: string | undefined, { packageSize }: DrugFact): number {
  if (gtin.startsWith('0')) {
    if (given && serialNumber && given !== packageSize) throw invalid('quantity', `one package holds ${packageSize} units`)
    return given ?? packageSize
  }
  if (!given) throw invalid('quantity', 'this is a case: say how many units are in it')
  return given
}
