import { AddressSchema } from './address.ts'
import { DepotSchema, DriverSchema, VehicleSchema } from './fleet.ts'
import { RoutePositionSchema, RouteSchema, RouteStopSchema } from './route.ts'
import { CancelledOrderSchema, CarrierEventSchema, DeliveryAttemptSchema, ShipmentSchema } from './shipment.ts'

export const entities = [
  AddressSchema, DepotSchema, VehicleSchema, DriverSchema, ShipmentSchema, DeliveryAttemptSchema, CarrierEventSchema,
  CancelledOrderSchema, RouteSchema, RouteStopSchema, RoutePositionSchema,
]
