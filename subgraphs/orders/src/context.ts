import { byId, listBy, pageByParent, perArguments, type Actor, type EntityManager, type SubgraphContext, TransitionRow } from '@pharmagraph/platform'
import { ownedBy, visibleTo } from './access.ts'
import { Cart, CartLine } from './entities/cart.ts'
import { DrugFact, PrescriptionFact } from './entities/facts.ts'
import { Order, OrderLine, type OrderStatus } from './entities/order.ts'
import { Payment } from './entities/payment.ts'
import type { Services } from './services.ts'

type OrderPage = { first: number; after?: string | null | undefined; status?: OrderStatus | null | undefined }

export const loaders = (em: EntityManager, actor: Actor) => ({
  /** Orders the actor may see. */
  order: byId(em, Order, visibleTo(actor)),
  cart: byId(em, Cart, ownedBy(actor)),
  linesOf: listBy(em, OrderLine, 'orderId'),
  paymentOf: listBy(em, Payment, 'orderId'),
  cartLinesOf: listBy(em, CartLine, 'cartId'),
  historyOf: listBy(em, TransitionRow, 'subjectId', { scope: { machine: 'order' } }),
  drugFact: byId(em, DrugFact),
  prescriptionFact: byId(em, PrescriptionFact),
  /** Pages of orders by patient id. */
  ordersOf: perArguments(({ status, ...page }: OrderPage) => pageByParent(em, Order, 'patientId', { ...(status ? { status } : {}), ...visibleTo(actor) }, page)),
})

export type Context = SubgraphContext<ReturnType<typeof loaders>, Services>
