import { AddressSchema } from './address.ts'
import { DelegationFactSchema } from './delegation.ts'
import { DepotSchema, DriverSchema, VehicleSchema } from './fleet.ts'
import { RoutePositionSchema, RouteSchema, RouteStopSchema } from './route.ts'
import { CancelledOrderSchema, CarrierEventSchema, DeliveryAttemptSchema, ShipmentSchema, StoppedLineSchema } from './shipment.ts'

export const entities = [
  AddressSchema, DelegationFactSchema, DepotSchema, VehicleSchema, DriverSchema, ShipmentSchema, DeliveryAttemptSchema, CarrierEventSchema,
  CancelledOrderSchema, StoppedLineSchema, RouteSchema, RouteStopSchema, RoutePositionSchema,
]
