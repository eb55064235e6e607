import type { Resolvers } from '../generated/resolvers.ts'
import { addressResolvers, patientResolvers } from './address.ts'
import { driverResolvers } from './driver.ts'
import { mutationResolvers } from './mutation.ts'
import { fulfilmentResolvers, orderResolvers } from './order.ts'
import { queryResolvers } from './query.ts'
import { routeResolvers, routeStopResolvers } from './route.ts'
import { shipmentResolvers } from './shipment.ts'

export const resolvers: Resolvers = {
  Query: queryResolvers,
  Mutation: mutationResolvers,
  Address: addressResolvers,
  Patient: patientResolvers,
  Order: orderResolvers,
  Fulfilment: fulfilmentResolvers,
  Shipment: shipmentResolvers,
  Route: routeResolvers,
  RouteStop: routeStopResolvers,
  Driver: driverResolvers,
}
