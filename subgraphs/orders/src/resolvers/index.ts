import type { Resolvers } from '../generated/resolvers.ts'
import { autoRefillPlanResolvers, autoRefillResolvers, prescriptionResolvers, refillRequestResolvers } from './auto-refill.ts'
import { cartLineResolvers, cartResolvers } from './cart.ts'
import { mutationResolvers } from './mutation.ts'
import { fulfilmentResolvers, orderLineResolvers, orderResolvers } from './order.ts'
import { patientResolvers } from './patient.ts'
import { paymentResolvers } from './payment.ts'
import { queryResolvers } from './query.ts'
import {
  abandonedCartResolvers, abandonedCartsReportResolvers, daySalesResolvers, drugSalesResolvers, salesReportResolvers, stuckOrderResolvers,
} from './reports.ts'
import { returnResolvers } from './return.ts'

export const resolvers: Resolvers = {
  Query: queryResolvers,
  Mutation: mutationResolvers,
  Cart: cartResolvers,
  CartLine: cartLineResolvers,
  Order: orderResolvers,
  OrderLine: orderLineResolvers,
  Fulfilment: fulfilmentResolvers,
  Payment: paymentResolvers,
  Return: returnResolvers,
  StuckOrder: stuckOrderResolvers,
  SalesReport: salesReportResolvers,
  DrugSales: drugSalesResolvers,
  DaySales: daySalesResolvers,
  AbandonedCartsReport: abandonedCartsReportResolvers,
  AbandonedCart: abandonedCartResolvers,
  Patient: patientResolvers,
  AutoRefill: autoRefillResolvers,
  AutoRefillPlan: autoRefillPlanResolvers,
  Prescription: prescriptionResolvers,
  RefillRequest: refillRequestResolvers,
  Problem: { __resolveType: ({ __typename }) => __typename! },
  CartResult: { __resolveType: ({ __typename }) => __typename },
  CheckoutResult: { __resolveType: ({ __typename }) => __typename },
  SavePaymentMethodResult: { __resolveType: ({ __typename }) => __typename },
  RemovePaymentMethodResult: { __resolveType: ({ __typename }) => __typename },
  ReturnResult: { __resolveType: ({ __typename }) => __typename },
  ArrangeAutoRefillResult: { __resolveType: ({ __typename }) => __typename },
  AutoRefillResult: { __resolveType: ({ __typename }) => __typename },
  OrderResult: { __resolveType: ({ __typename }) => __typename },
}
