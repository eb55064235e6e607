import type { Driver } from './entities/fleet.ts'
import type { Route, RouteStop } from './entities/route.ts'
import type { Shipment } from './entities/shipment.ts'
import type { OpenedAddress } from './opened.ts'

export type AddressMapper = OpenedAddress
export type ShipmentMapper = Shipment
export type RouteMapper = Route
export type RouteStopMapper = RouteStop
export type DriverMapper = Driver
export type OrderMapper = { id: string }
export type PatientMapper = { id: string }
