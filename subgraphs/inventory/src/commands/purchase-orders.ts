import { apply, begin, clock, invalid, isId, newId, notFound, systemActor, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import { DrugFact } from '../entities/drug-fact.ts'
import { Location } from '../entities/location.ts'
import { PurchaseOrder, PurchaseOrderLine } from '../entities/purchase-order.ts'
import { isAuthorised, TradingPartner } from '../entities/trading-partner.ts'
import type { AdvancePurchaseOrderInput, DraftPurchaseOrderInput } from '../generated/resolvers.ts'
import { purchaseOrderLifecycle } from '../lifecycles/purchase-order.ts'
import { checkUnits, units } from '../quantity.ts'
import { reorderSuggestions } from '../reads/reorder-suggestions.ts'

type Wanted = { drugId: string; quantity: number }

/** Drafts an order of the lines given, or of everything that is suggested. The same key of the same person drafts once. */
export async function draftPurchaseOrder(em: EntityManager, actor: Actor, input: DraftPurchaseOrderInput): Promise<PurchaseOrder> {
  access.must(actor, 'purchase:keep', undefined)
  const { partnerId, locationId, lines } = input
  if (!input.idempotencyKey.trim() || input.idempotencyKey.length > 100) throw invalid('idempotencyKey', 'give a key of 1 to 100 characters')
  const idempotencyKey = `${actor.subject}:${input.idempotencyKey}`
  await em.execute('select pg_advisory_xact_lock(hashtext(?))', [`purchase:${idempotencyKey}`])
  const before = await em.findOne(PurchaseOrder, { idempotencyKey })
  if (before) return before
  await authorisedPartner(em, partnerId)
  if (!isId(locationId) || !(await em.findOne(Location, { id: locationId }))) throw invalid('locationId', 'this location is not known here')
  const wanted = lines?.length ? lines : await suggested(em)
  const ndcs = await checkLines(em, wanted)
  const order = em.create(PurchaseOrder, { id: newId(), partnerId, locationId, status: 'DRAFT', draftedBy: actor.subject, draftedAt: clock.now(), idempotencyKey, deaOrderNumber: null })
  for (const { drugId, quantity } of wanted) em.create(PurchaseOrderLine, { id: newId(), purchaseOrderId: order.id, drugId, ndc: ndcs.get(drugId)!, quantity, received: 0 })
  begin(em, actor, purchaseOrderLifecycle, order)
  return order
}

async function suggested(em: EntityManager): Promise<Wanted[]> {
  const wanted = (await reorderSuggestions(em)).filter(({ suggestedQuantity }) => suggestedQuantity > 0)
  if (wanted.length === 0) throw invalid('lines', 'nothing is at its reorder point: name what to order')
  return wanted.map(({ drugId, suggestedQuantity }) => ({ drugId, quantity: suggestedQuantity }))
}

/** NDC by drug; refuses what is not known, named twice, or not in whole packages. */
async function checkLines(em: EntityManager, wanted: readonly Wanted[]): Promise<Map<string, string>> {
  if (new Set(wanted.map(({ drugId }) => drugId)).size < wanted.length || wanted.length > 500) throw invalid('lines', 'name each drug once, 500 of them at most')
  if (!wanted.every(({ drugId }) => isId(drugId))) throw invalid('lines', 'one of these drugs is not known here')
  const drugs = new Map((await em.find(DrugFact, { id: { $in: wanted.map(({ drugId }) => drugId) } })).map((drug) => [drug.id, drug]))
  for (const { drugId, quantity } of wanted) {
    const drug = drugs.get(drugId)
    if (!drug) throw invalid('lines', 'one of these drugs is not known here')
    checkUnits('lines', quantity)
    if (quantity <= 0 || !Number.isInteger(units(quantity / drug.packageSize))) throw invalid('lines', `${drug.ndc} comes in packages of ${drug.packageSize}`)
  }
  return new Map([...drugs.values()].map(({ id, ndc }) => [id, ndc]))
}

async function authorisedPartner(em: EntityManager, partnerId: string): Promise<void> {
  const partner = isId(partnerId) ? await em.findOne(TradingPartner, { id: partnerId }) : null
  if (!partner || !isAuthorised(partner, clock.today())) throw invalid('partnerId', 'this is no authorised trading partner')
}

/** approve, send {deaOrderNumber where a schedule II drug is on it}, cancel. */
export async function advancePurchaseOrder(em: EntityManager, actor: Actor, { purchaseOrderId, verb, deaOrderNumber }: AdvancePurchaseOrderInput): Promise<PurchaseOrder> {
  access.must(actor, 'purchase:keep', undefined)
  const order = isId(purchaseOrderId) ? await em.findOne(PurchaseOrder, { id: purchaseOrderId }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null
  if (!order) throw notFound('purchase')
  apply(em, actor, purchaseOrderLifecycle, order, verb)
  if (verb !== 'send') return order
  await authorisedPartner(em, order.partnerId)
  if (await ordersScheduleTwo(em, order.id)) {
    if (!deaOrderNumber || !/^[A-Z0-9]{9,20}$/i.test(deaOrderNumber)) throw invalid('deaOrderNumber', 'a schedule II drug is ordered by DEA Form 222 or CSOS (21 CFR 1305.03): give its number')
    order.deaOrderNumber = deaOrderNumber
  }
  return order
}

async function ordersScheduleTwo(em: EntityManager, orderId: string): Promise<boolean> {
  const [row] = await em.execute<{ two: boolean }[]>(
    `select exists (select from purchase_order_line line join drug_fact drug on drug.id = line.drug_id where line.purchase_order_id = ? and drug.dea_schedule in ('CI', 'CII')) as two`, [orderId],
  )
  return row!.two
}

/** Counts a delivery towards the order it belongs to; more than was ordered, or what was not, is refused. The lot is locked before. */
export async function receiveAgainst(em: EntityManager, purchaseOrderId: string, { drugId, quantity, locationId }: Wanted & { locationId: string }): Promise<void> {
  const order = isId(purchaseOrderId) ? await em.findOne(PurchaseOrder, { id: purchaseOrderId }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null
  if (!order || order.locationId !== locationId) throw invalid('purchaseOrderId', 'no such order for this location')
  if (!('receivePart' in purchaseOrderLifecycle.table[order.status])) throw invalid('purchaseOrderId', `this order is ${order.status}`)
  await em.flush() // earlier deliveries of this transaction
  const lines = await em.find(PurchaseOrderLine, { purchaseOrderId })
  const line = lines.find((one) => one.drugId === drugId)
  if (!line) throw invalid('purchaseOrderId', 'this drug is not on the order')
  const received = units(line.received + quantity)
  if (received > line.quantity) throw invalid('quantity', `only ${units(line.quantity - line.received)} units are still to come`)
  line.received = received
  const all = lines.every((one) => one.received === one.quantity)
  apply(em, systemActor('inventory'), purchaseOrderLifecycle, order, all ? 'receiveRest' : 'receivePart')
}
