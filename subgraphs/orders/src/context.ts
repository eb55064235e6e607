import { AppError, byId, isId, listBy, pageByParent, perArguments, type Actor, type EntityManager, type SubgraphContext, TransitionRow } from '@pharmagraph/platform'
import DataLoader from 'dataloader'
import { AutoRefill, AutoRefillPlan } from './entities/auto-refill.ts'
import { Cart, CartLine } from './entities/cart.ts'
import { AddressFact, DrugFact, PrescriptionFact } from './entities/facts.ts'
import { Fulfilment } from './entities/fulfilment.ts'
import { Order, OrderLine, type OrderStatus } from './entities/order.ts'
import { Dispute, Payment, Refund } from './entities/payment.ts'
import { SavedMethod } from './entities/payment-method.ts'
import { Return } from './entities/return.ts'
import { patientsSeenBy, scopesFor } from './reads/delegations.ts'
import type { Services } from './services.ts'

type OrderPage = { first: number; after?: string | null | undefined; status?: OrderStatus | null | undefined }

type Sealed = { patientId: string; sealed: string }

export const loaders = (em: EntityManager, actor: Actor, { vault }: Services) => {
  const patients = patientsSeenBy(em, actor)
  const seen = <Row extends { id: string; patientId: string }>(entity: new () => Row, scope: 'VIEW' | 'ORDER' = 'VIEW') =>
    new DataLoader<string, Row | null>(async (ids) => {
      const theirs = await patients(scope)
      const rows = (await em.find(entity as never, { id: { $in: ids.filter(isId) }, ...(theirs === 'ALL' ? {} : { patientId: { $in: theirs } }) } as never)) as Row[]
      const map = new Map(rows.map((row) => [row.id, row]))
      return ids.map((id) => map.get(id) ?? null)
    })
  return {
    /** Orders the actor may see. */
    order: seen(Order),
    patients,
    /** Carts the actor may fill. */
    cart: seen(Cart, 'ORDER'),
    /** What the actor may do for a patient as their caregiver. */
    scopesFor: new DataLoader((ids: readonly string[]) => Promise.all(ids.map((id) => scopesFor(em, actor, id)))),
    followersOf: listBy(em, Order, 'followsOrderId'),
    linesOf: listBy(em, OrderLine, 'orderId'),
    fulfilmentsOf: listBy(em, Fulfilment, 'orderId', { orderBy: { number: 'asc' } }),
    /** Parts of orders the actor may see. */
    fulfilment: seen(Fulfilment),
    returnsOf: listBy(em, Return, 'orderId'),
    paymentOf: listBy(em, Payment, 'orderId'),
    cartLinesOf: listBy(em, CartLine, 'cartId'),
    historyOf: listBy(em, TransitionRow, 'subjectId', { scope: { machine: 'order' } }),
    refundsOf: listBy(em, Refund, 'orderId'),
    disputesOf: listBy(em, Dispute, 'orderId'),
    drugFact: byId(em, DrugFact),
    addressFact: byId(em, AddressFact),
    /** By the provider's id. */
    savedMethod: new DataLoader<string, SavedMethod | null>(async (ids) => {
      const methods = await em.find(SavedMethod, { id: { $in: [...ids] } })
      return ids.map((id) => methods.find((method) => method.id === id) ?? null)
    }),
    /** Automatic refills of patients the actor may see. */
    autoRefill: seen(AutoRefill),
    /** Plans by prescription id, of patients the actor may see. */
    autoRefillPlan: new DataLoader<string, AutoRefillPlan | null>(async (ids) => {
      const theirs = await patients()
      const plans = await em.find(AutoRefillPlan, { prescriptionId: { $in: ids.filter(isId) }, ...(theirs === 'ALL' ? {} : { patientId: { $in: theirs } }) })
      return ids.map((id) => plans.find(({ prescriptionId }) => prescriptionId === id) ?? null)
    }),
    prescriptionFact: byId(em, PrescriptionFact),
    /** Sealed texts of people, opened; null once erased. The keys of all are read in one statement. */
    opened: new DataLoader(async (texts: readonly Sealed[]) => {
      await vault.preload(em, texts.map(({ patientId }) => patientId))
      return Promise.all(texts.map(({ patientId, sealed }) => vault.open<string>(em, patientId, sealed).catch(nullWhenErased)))
    }, { cacheKeyFn: ({ sealed }: Sealed) => sealed as never }),
    /** Pages of orders by patient id; ask only for patients the actor sees. */
    ordersOf: perArguments(({ status, ...page }: OrderPage) => pageByParent(em, Order, 'patientId', status ? { status } : {}, page)),
  }
}

const nullWhenErased = (error: unknown): null => {
  if (error instanceof AppError && error.code === 'ERASED') return null
  throw error
}

export type Context = SubgraphContext<ReturnType<typeof loaders>, Services>
