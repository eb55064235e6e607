import type { Account } from './account.ts'
import { CHARGE_LIST_PARAMS, listCharges, retrieveCharge } from './charges.ts'
import { createCustomer, CUSTOMER_PARAMS, retrieveCustomer, updateCustomer } from './customers.ts'
import { DISPUTE_LIST_PARAMS, listDisputes, retrieveDispute } from './disputes.ts'
import type { Declined } from './errors.ts'
import { EVENT_LIST_PARAMS, listEvents, retrieveEvent } from './events.ts'
import { LIST_PARAMS } from './lists.ts'
import type { Params } from './params.ts'
import * as intents from './payment-intents.ts'
import * as methods from './payment-methods.ts'
import { createRefund, listRefunds, REFUND_LIST_PARAMS, REFUND_PARAMS, retrieveRefund, updateRefund } from './refunds.ts'
import * as setups from './setup-intents.ts'

/** One operation of the API. */
export interface Endpoint {
  method: 'GET' | 'POST'
  path: string
  /** Parameters it knows; others are refused. */
  accepts: readonly string[]
  run(account: Account, params: Params, id: string): object | Declined
  /** Set where a publishable key will do; says what such a caller sees. */
  forBrowsers?: (result: never) => object
}

const PI = '/v1/payment_intents'
const SI = '/v1/setup_intents'
const PM = '/v1/payment_methods'
const ONLY_EXPAND = ['expand']
const RETRIEVE_SECRETLY = ['expand', 'client_secret', 'key']

/** The whole of Stripe that the sandbox speaks. */
export const ENDPOINTS: readonly Endpoint[] = [
  { method: 'POST', path: '/v1/customers', accepts: CUSTOMER_PARAMS, run: createCustomer },
  { method: 'GET', path: '/v1/customers/:id', accepts: ONLY_EXPAND, run: retrieveCustomer },
  { method: 'POST', path: '/v1/customers/:id', accepts: CUSTOMER_PARAMS, run: updateCustomer },
  { method: 'GET', path: '/v1/customers/:id/payment_methods', accepts: [...LIST_PARAMS, 'type'], run: methods.listPaymentMethods },

  { method: 'POST', path: PM, accepts: [...methods.PAYMENT_METHOD_PARAMS, 'key'], run: methods.createPaymentMethod, forBrowsers: (method) => method },
  { method: 'GET', path: PM, accepts: [...LIST_PARAMS, 'customer', 'type'], run: (account, params) => methods.listPaymentMethods(account, params) },
  { method: 'GET', path: `${PM}/:id`, accepts: ONLY_EXPAND, run: methods.retrievePaymentMethod },
  { method: 'POST', path: `${PM}/:id/attach`, accepts: ['customer', 'expand'], run: methods.attachPaymentMethod },
  { method: 'POST', path: `${PM}/:id/detach`, accepts: ONLY_EXPAND, run: methods.detachPaymentMethod },

  { method: 'POST', path: SI, accepts: setups.SETUP_CREATE_PARAMS, run: setups.createSetupIntent },
  { method: 'GET', path: `${SI}/:id`, accepts: RETRIEVE_SECRETLY, run: setups.retrieveSetupIntent, forBrowsers: setups.publicSetupIntent },
  {
    method: 'POST',
    path: `${SI}/:id/confirm`,
    accepts: setups.SETUP_CONFIRM_PARAMS,
    run: setups.confirmSetupIntent,
    forBrowsers: setups.publicSetupIntent,
  },
  { method: 'POST', path: `${SI}/:id/cancel`, accepts: setups.SETUP_CANCEL_PARAMS, run: setups.cancelSetupIntent },

  { method: 'POST', path: PI, accepts: intents.CREATE_PARAMS, run: intents.createPaymentIntent },
  { method: 'GET', path: PI, accepts: intents.PAYMENT_INTENT_LIST_PARAMS, run: intents.listPaymentIntents },
  { method: 'GET', path: `${PI}/:id`, accepts: RETRIEVE_SECRETLY, run: intents.retrievePaymentIntent, forBrowsers: intents.publicPaymentIntent },
  { method: 'POST', path: `${PI}/:id`, accepts: intents.UPDATE_PARAMS, run: intents.updatePaymentIntent },
  {
    method: 'POST',
    path: `${PI}/:id/confirm`,
    accepts: intents.CONFIRM_PARAMS,
    run: intents.confirmPaymentIntent,
    forBrowsers: intents.publicPaymentIntent,
  },
  { method: 'POST', path: `${PI}/:id/capture`, accepts: intents.CAPTURE_PARAMS, run: intents.capturePaymentIntent },
  { method: 'POST', path: `${PI}/:id/cancel`, accepts: intents.CANCEL_PARAMS, run: intents.cancelPaymentIntent },

  { method: 'GET', path: '/v1/charges', accepts: CHARGE_LIST_PARAMS, run: listCharges },
  { method: 'GET', path: '/v1/charges/:id', accepts: ONLY_EXPAND, run: retrieveCharge },

  { method: 'POST', path: '/v1/refunds', accepts: REFUND_PARAMS, run: createRefund },
  { method: 'GET', path: '/v1/refunds', accepts: REFUND_LIST_PARAMS, run: listRefunds },
  { method: 'GET', path: '/v1/refunds/:id', accepts: ONLY_EXPAND, run: retrieveRefund },
  { method: 'POST', path: '/v1/refunds/:id', accepts: ['metadata', 'expand'], run: updateRefund },

  { method: 'GET', path: '/v1/disputes', accepts: DISPUTE_LIST_PARAMS, run: listDisputes },
  { method: 'GET', path: '/v1/disputes/:id', accepts: ONLY_EXPAND, run: retrieveDispute },

  { method: 'GET', path: '/v1/events', accepts: EVENT_LIST_PARAMS, run: listEvents },
  { method: 'GET', path: '/v1/events/:id', accepts: ONLY_EXPAND, run: retrieveEvent },
]
