import { refuseCardData } from '../card-data.ts'
import { addToCart } from '../commands/add-to-cart.ts'
import { arrangeAutoRefill, confirmAutoRefill, rescheduleAutoRefill, skipAutoRefill } from '../commands/auto-refill.ts'
import { cancelOrder } from '../commands/cancel-order.ts'
import { checkout } from '../commands/checkout.ts'
import { payOrder } from '../commands/pay-order.ts'
import { redriveOrder } from '../commands/redrive-order.ts'
import { decideReturn, requestReturn } from '../commands/return-goods.ts'
import { removePaymentMethod, savePaymentMethod, startMethodSetup } from '../commands/save-payment-method.ts'
import type { AutoRefill } from '../entities/auto-refill.ts'
import type { Return } from '../entities/return.ts'
import { refundOrder } from '../commands/refund-order.ts'
import { removeFromCart } from '../commands/remove-from-cart.ts'
import type { Order } from '../entities/order.ts'
import type { Cart } from '../entities/cart.ts'
import type { MutationResolvers } from '../generated/resolvers.ts'
import { onceKnown } from './once-known.ts'

const cartPayload = (cart: Cart) => ({ __typename: 'CartPayload' as const, cart })
const returnPayload = (goods: Return) => ({ __typename: 'ReturnPayload' as const, return: goods })
const autoRefillPayload = (autoRefill: AutoRefill) => ({ __typename: 'AutoRefillPayload' as const, autoRefill })
const orderPayload = (order: Order) => ({ __typename: 'OrderPayload' as const, order })

const mutations: Required<MutationResolvers> = {
  addToCart: async (_source, { input }, { actor, transact }) => cartPayload(await onceKnown(() => transact((em) => addToCart(em, actor, input)))),
  removeFromCart: async (_source, { input }, { actor, transact }) => cartPayload(await transact((em) => removeFromCart(em, actor, input))),
  checkout: async (_source, { input }, { actor, transact }) => orderPayload(await onceKnown(() => transact((em) => checkout(em, actor, input)))),
  payOrder: async (_source, { input }, { actor, transact }) => orderPayload(await transact((em) => payOrder(em, actor, input))),
  cancelOrder: async (_source, { input }, { actor, transact, services }) => orderPayload(await transact((em) => cancelOrder(em, actor, services, input))),
  refundOrder: async (_source, { input }, { actor, transact, services }) => orderPayload(await transact((em) => refundOrder(em, actor, services, input))),
  redriveOrder: async (_source, { input }, { actor, transact }) => orderPayload(await transact((em) => redriveOrder(em, actor, input))),
  requestReturn: async (_source, { input }, { actor, transact, services }) => returnPayload(await transact((em) => requestReturn(em, actor, services, input))),
  decideReturn: async (_source, { input }, { actor, transact }) => returnPayload(await transact((em) => decideReturn(em, actor, input))),
  arrangeAutoRefill: async (_source, { input }, { actor, transact }) => ({ __typename: 'AutoRefillPlanPayload', plan: await onceKnown(() => transact((em) => arrangeAutoRefill(em, actor, input))) }),
  confirmAutoRefill: async (_source, { input }, { actor, transact }) => autoRefillPayload(await transact((em) => confirmAutoRefill(em, actor, input))),
  skipAutoRefill: async (_source, { input }, { actor, transact }) => autoRefillPayload(await transact((em) => skipAutoRefill(em, actor, input))),
  rescheduleAutoRefill: async (_source, { input }, { actor, transact }) => autoRefillPayload(await transact((em) => rescheduleAutoRefill(em, actor, input))),
  startPaymentMethodSetup: (_source, { input }, { actor, transact, services: { payments } }) => startMethodSetup({ actor, transact, payments }, input),
  savePaymentMethod: async (_source, { input }, { actor, transact, services: { payments } }) => {
    const saving = await savePaymentMethod({ actor, transact, payments }, input)
    return 'method' in saving ? { __typename: 'PaymentMethodPayload', paymentMethod: saving.method } : { __typename: 'PaymentMethodSetup', ...saving.setup }
  },
  removePaymentMethod: async (_source, { input }, { actor, transact, services: { payments } }) =>
    ({ __typename: 'RemovedPaymentMethod', id: await removePaymentMethod({ actor, transact, payments }, input) }),
}

/** Every mutation's input is searched for card numbers before anything reads it. */
export const mutationResolvers = Object.fromEntries(
  Object.entries(mutations).map(([name, resolve]) => [
    name,
    (...args: [unknown, { input: unknown }, unknown, unknown]) => {
      refuseCardData(args[1].input)
      return (resolve as (...args: unknown[]) => unknown)(...args)
    },
  ]),
) as MutationResolvers
