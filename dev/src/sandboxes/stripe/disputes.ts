import { find, type Account } from './account.ts'
import { badState } from './errors.ts'
import { LIST_PARAMS, listOf } from './lists.ts'
import { newDispute, type Charge, type Dispute, type List } from './objects.ts'
import type { Params } from './params.ts'

export const DISPUTE_LIST_PARAMS = [...LIST_PARAMS, 'charge', 'payment_intent']

const CLOSED = ['won', 'lost', 'warning_closed']

/** Has the cardholder dispute a captured charge. */
export function openDispute(account: Account, charge: Charge, amount: number, reason: string): Dispute {
  if (!charge.captured) throw badState(`Charge ${charge.id} was never captured: there is nothing to dispute.`)
  if (charge.disputed) throw badState(`Charge ${charge.id} is already disputed.`)
  const dispute = newDispute(account.now(), charge, amount, reason)
  account.disputes.put(dispute.id, dispute)
  charge.disputed = true
  account.charges.put(charge.id, charge)
  account.emit('charge.dispute.created', dispute)
  return dispute
}

export function closeDispute(account: Account, id: string, status: 'won' | 'lost' | 'warning_closed'): Dispute {
  const dispute = find(account.disputes, 'dispute', id, 'dispute', 404)
  if (CLOSED.includes(dispute.status)) throw badState(`This dispute is closed: it has a status of ${dispute.status}.`)
  const previous = { status: dispute.status }
  dispute.status = status
  account.disputes.put(id, dispute)
  account.emit('charge.dispute.closed', dispute, previous)
  return dispute
}

export const retrieveDispute = (account: Account, _params: Params, id: string): Dispute => find(account.disputes, 'dispute', id, 'dispute', 404)

export function listDisputes(account: Account, params: Params): List<Dispute> {
  const charge = params.text('charge')
  const intent = params.text('payment_intent')
  return listOf('/v1/disputes', account.disputes.all(), params, (dispute) =>
    (charge === undefined || dispute.charge === charge) && (intent === undefined || dispute.payment_intent === intent))
}
