import type { Resolvers } from '../generated/resolvers.ts'
import { cartLineResolvers, cartResolvers } from './cart.ts'
import { mutationResolvers } from './mutation.ts'
import { fulfilmentResolvers, orderLineResolvers, orderResolvers } from './order.ts'
import { patientResolvers } from './patient.ts'
import { paymentResolvers } from './payment.ts'
import { queryResolvers } from './query.ts'

export const resolvers: Resolvers = {
  Query: queryResolvers,
  Mutation: mutationResolvers,
  Cart: cartResolvers,
  CartLine: cartLineResolvers,
  Order: orderResolvers,
  OrderLine: orderLineResolvers,
  Fulfilment: fulfilmentResolvers,
  Payment: paymentResolvers,
  Patient: patientResolvers,
  Problem: { __resolveType: ({ __typename }) => __typename! },
  CartResult: { __resolveType: ({ __typename }) => __typename },
  CheckoutResult: { __resolveType: ({ __typename }) => __typename },
  OrderResult: { __resolveType: ({ __typename }) => __typename },
}
