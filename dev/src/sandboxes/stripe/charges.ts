import { find, type Account } from './account.ts'
import { LIST_PARAMS, listOf } from './lists.ts'
import type { Charge, List } from './objects.ts'
import type { Params } from './params.ts'

export const CHARGE_LIST_PARAMS = [...LIST_PARAMS, 'customer', 'payment_intent']

export const retrieveCharge = (account: Account, _params: Params, id: string): Charge => find(account.charges, 'charge', id, 'id', 404)

export function listCharges(account: Account, params: Params): List<Charge> {
  const customer = params.text('customer')
  const intent = params.text('payment_intent')
  return listOf('/v1/charges', account.charges.all(), params, (charge) =>
    (customer === undefined || charge.customer === customer) && (intent === undefined || charge.payment_intent === intent))
}
