import { AddressSchema } from './address.ts'
import { DepotSchema, DriverSchema, VehicleSchema } from './fleet.ts'
import { RoutePositionSchema, RouteSchema, RouteStopSchema } from './route.ts'
import { CarrierEventSchema, DeliveryAttemptSchema, ShipmentSchema } from './shipment.ts'

export const entities = [
  AddressSchema, DepotSchema, VehicleSchema, DriverSchema, ShipmentSchema, DeliveryAttemptSchema, CarrierEventSchema,
  RouteSchema, RouteStopSchema, RoutePositionSchema,
]
