import { effect, handler, type Consumer } from '@pharmagraph/platform'
import { acceptLine } from '../commands/accept-line.ts'
import { planAutoRefill, withdrawAutoRefills } from '../commands/auto-refill.ts'
import { backorder, retryBackorders } from '../commands/backorder.ts'
import { blockLine } from '../commands/block-line.ts'
import { askForPayment, followOrderOfRefill, followPaymentOfRefill, followPrescription, followRefillRequest } from '../commands/follow-auto-refill.ts'
import { followFill } from '../commands/follow-later.ts'
import { followShipment } from '../commands/follow-shipment.ts'
import { holdStock } from '../commands/hold-stock.ts'
import { learnAddress, learnConsent, learnDelegation, learnDrug, learnPrescription } from '../commands/learn-facts.ts'
import { loseHold } from '../commands/lose-hold.ts'
import { loseLine } from '../commands/lose-line.ts'
import { takeBackLine } from '../commands/take-back-line.ts'
import { releaseLine } from '../commands/release-line.ts'
import { ConsentFact } from '../entities/facts.ts'
import { erasePatient } from './erase-patient.ts'
import { settlePayment } from '../payments/settle.ts'
import type { Services } from '../services.ts'

const facts = [
  handler('catalog.drug-published.v1', 'learn-drug', learnDrug),
  handler('prescriptions.prescription-status-changed.v1', 'learn-prescription', learnPrescription),
  handler('patients.consent-changed.v1', 'learn-consent', learnConsent),
  handler('patients.delegation-changed.v1', 'learn-delegation', learnDelegation),
  handler('logistics.address-added.v1', 'learn-address', learnAddress),
]

const saga = [
  handler('prescriptions.fill-accepted.v1', 'accept-line', (em, { data }, actor) => acceptLine(em, actor, data)),
  handler('prescriptions.fill-blocked.v1', 'block-line', (em, { data: { orderId, orderLineId, reasonCode, message, nextEligibleAt } }, actor) =>
    blockLine(em, actor, { orderId, orderLineId, code: reasonCode, message, nextOn: nextEligibleAt }, 'LINE_BLOCKED')),
  handler('prescriptions.fill-status-changed.v1', 'reject-cancelled-fill', async (em, { data: { orderId, orderLineId, to, reasonCode } }, actor) => {
    if (to !== 'CANCELLED') return
    await blockLine(em, actor, { orderId, orderLineId, code: reasonCode ?? 'FILL_CANCELLED' }, 'FILL_CANCELLED')
    await followFill(em, actor, { orderId, orderLineId })
  }),
  handler('inventory.stock-held.v1', 'hold-stock', (em, { data }, actor) => holdStock(em, actor, data)),
  handler('inventory.stock-refused.v1', 'backorder', (em, { data }, actor) => backorder(em, actor, data)),
  handler('inventory.stock-received.v1', 'retry-backorders', (em, { data }, actor) => retryBackorders(em, actor, data.drugId)),
  handler('inventory.hold-released.v1', 'lose-hold', (em, { data }, actor) => loseHold(em, actor, data)),
  handler('inventory.hold-lost.v1', 'lose-line', (em, { data }, actor) => loseLine(em, actor, data)),
  handler('prescriptions.fill-released.v1', 'release-line', (em, { data }, actor) => releaseLine(em, actor, data)),
  handler('prescriptions.fill-returned.v1', 'take-back-line', (em, { data }, actor) => takeBackLine(em, actor, data)),
  handler('logistics.shipment-status-changed.v1', 'follow-shipment', (em, { data, time }, actor) => followShipment(em, actor, data, new Date(time))),
]

/** Refills that are ordered by themselves, once the patient has agreed to it. */
const autoRefills = [
  handler('prescriptions.auto-refill-due.v1', 'plan-auto-refill', (em, { data }, actor) => planAutoRefill(em, actor, data)),
  handler('prescriptions.refill-request-changed.v1', 'follow-refill-request', (em, { data }, actor) => followRefillRequest(em, actor, data)),
  handler('prescriptions.prescription-status-changed.v1', 'end-auto-refills', (em, { data }, actor) => followPrescription(em, actor, data)),
  handler('patients.consent-changed.v1', 'withdraw-auto-refills', async (em, { data: { patientId, purpose, granted, version } }, actor) => {
    // one that is older than what we know says nothing any more
    const newer = await em.count(ConsentFact, { patientId, purpose, factVersion: { $gt: version } })
    if (purpose === 'AUTO_REFILL' && !granted && !newer) await withdrawAutoRefills(em, actor, { patientId }, 'CONSENT_WITHDRAWN')
  }),
  handler('orders.order-status-changed.v1', 'follow-order-of-refill', (em, { data }, actor) => followOrderOfRefill(em, actor, data)),
  handler('orders.payment-status-changed.v1', 'ask-for-payment', (em, { data }, actor) => askForPayment(em, actor, data)),
  handler('orders.payment-status-changed.v1', 'follow-payment-of-refill', (em, { data }, actor) => followPaymentOfRefill(em, actor, data)),
]

/** Each of these may call for something at the provider; what, the rows tell. */
const payments = [
  effect<'orders.payment-requested.v1', Services>('orders.payment-requested.v1', 'settle-requested', ({ data }, tools) => settlePayment(data.orderId, tools)),
  effect<'orders.order-released.v1', Services>('orders.order-released.v1', 'settle-released', ({ data }, tools) => settlePayment(data.orderId, tools)),
  effect<'orders.order-cancelled.v1', Services>('orders.order-cancelled.v1', 'settle-cancelled', ({ data }, tools) => settlePayment(data.orderId, tools)),
]

export const consumers: Consumer<Services>[] = [...facts, ...saga, ...autoRefills, ...payments, erasePatient]
