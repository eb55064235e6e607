import { find, type Account } from './account.ts'
import { badParam, badState } from './errors.ts'
import { LIST_PARAMS, listOf } from './lists.ts'
import { money } from './money.ts'
import { newRefund, type Charge, type List, type Refund } from './objects.ts'
import type { Params } from './params.ts'
import { cardOf } from './payment-methods.ts'

export const REFUND_PARAMS = ['charge', 'payment_intent', 'amount', 'reason', 'metadata', 'expand']
export const REFUND_LIST_PARAMS = [...LIST_PARAMS, 'charge', 'payment_intent']

/** Gives back all that is left or `amount` of it; together refunds never exceed what was captured. */
export function createRefund(account: Account, params: Params): Refund {
  const charge = chargeToRefund(account, params)
  if (charge.amount_captured === 0 || charge.status !== 'succeeded') {
    throw badState(
      `This PaymentIntent (${charge.payment_intent}) does not have a successful charge to refund. If you wish to cancel an uncaptured ` +
        'payment, cancel the PaymentIntent instead.',
    )
  }
  const left = charge.amount_captured - charge.amount_refunded
  if (left === 0) throw badState(`Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' })
  const amount = params.integer('amount') ?? left
  if (amount < 1) throw badParam('amount', 'This value must be greater than or equal to 1.', 'parameter_invalid_integer')
  if (amount > left) {
    const [asked, most] = [money(amount, charge.currency), money(left, charge.currency)]
    throw badParam('amount', `Refund amount (${asked}) is greater than unrefunded amount on charge (${most})`)
  }
  const refund = newRefund(account.now(), charge, amount)
  refund.reason = params.oneOf('reason', ['duplicate', 'fraudulent', 'requested_by_customer']) ?? null
  refund.metadata = params.metadata()
  const method = find(account.paymentMethods, 'PaymentMethod', charge.payment_method ?? '', 'payment_method')
  if (cardOf(account, method).refundsPending) refund.status = 'pending'
  addRefund(account, charge, refund)
  account.charges.put(charge.id, charge)
  account.emit('refund.created', refund)
  account.emit('charge.refunded', charge)
  return refund
}

export const retrieveRefund = (account: Account, _params: Params, id: string): Refund => find(account.refunds, 'refund', id, 'id', 404)

export function updateRefund(account: Account, params: Params, id: string): Refund {
  const refund = find(account.refunds, 'refund', id, 'id', 404)
  const before = refund.metadata
  refund.metadata = params.metadata(refund.metadata ?? {})
  account.refunds.put(id, refund)
  account.emit('refund.updated', refund, { metadata: before })
  return refund
}

export function listRefunds(account: Account, params: Params): List<Refund> {
  const charge = params.text('charge')
  const intent = params.text('payment_intent')
  return listOf('/v1/refunds', account.refunds.all(), params, (refund) =>
    (charge === undefined || refund.charge === charge) && (intent === undefined || refund.payment_intent === intent))
}

/** Ends a pending refund, or has the bank send a succeeded one back; a failed refund is owed to the customer again. */
export function settleRefund(account: Account, id: string, status: 'succeeded' | 'failed'): Refund {
  const refund = find(account.refunds, 'refund', id, 'id', 404)
  if (refund.status === 'failed' || refund.status === status) {
    throw badState(`This refund cannot become ${status}: it has a status of ${refund.status}.`)
  }
  const previous = { status: refund.status }
  refund.status = status
  const charge = find(account.charges, 'charge', refund.charge ?? '', 'charge')
  if (status === 'failed') {
    refund.failure_reason = 'unknown'
    charge.amount_refunded -= refund.amount
    charge.refunded = false
  }
  charge.refunds.data = charge.refunds.data.map((other) => (other.id === id ? refund : other))
  account.charges.put(charge.id, charge)
  account.refunds.put(id, refund)
  account.emit('refund.updated', refund, previous)
  if (status === 'failed') account.emit('refund.failed', refund)
  return refund
}

function addRefund(account: Account, charge: Charge, refund: Refund): void {
  charge.amount_refunded += refund.amount
  charge.refunded = charge.amount_refunded === charge.amount_captured
  charge.refunds.data.unshift(refund)
  account.refunds.put(refund.id, refund)
}

function chargeToRefund(account: Account, params: Params): Charge {
  const intentId = params.text('payment_intent')
  const chargeId = params.text('charge')
  if (chargeId) return find(account.charges, 'charge', chargeId, 'charge')
  if (!intentId) throw badParam('charge', 'One of these params should be provided: payment_intent or charge.', 'parameter_missing')
  const intent = find(account.paymentIntents, 'payment_intent', intentId, 'payment_intent')
  if (!intent.latest_charge) throw badState(`This PaymentIntent (${intentId}) does not have a successful charge to refund.`)
  return find(account.charges, 'charge', intent.latest_charge, 'charge')
}
