import { defineEntity, p } from '@mikro-orm/postgresql'

/** Where parcels start from: a pharmacy. */
export const DepotSchema = defineEntity({
  name: 'Depot',
  tableName: 'depot',
  properties: {
    id: p.uuid().primary(),
    name: p.string(),
    line1: p.string(),
    city: p.string(),
    state: p.string().length(2),
    postalCode: p.string(),
    latitude: p.double().$type<number>(),
    longitude: p.double().$type<number>(),
    timeZone: p.string(),
  },
  indexes: [{ name: 'depot_point', expression: 'create index depot_point on depot using gist (geo_point(latitude, longitude))' }],
})
export class Depot extends DepotSchema.class {}
DepotSchema.setClass(Depot)

export const VehicleSchema = defineEntity({
  name: 'Vehicle',
  tableName: 'vehicle',
  properties: {
    id: p.uuid().primary(),
    description: p.string(),
    ambientLitres: p.integer(),
    /** 0 where there is no cold box. */
    coldLitres: p.integer(),
    /** How long the box keeps 2 to 8 °C after loading. */
    coldMinutes: p.integer(),
  },
})
export class Vehicle extends VehicleSchema.class {}
VehicleSchema.setClass(Vehicle)

export const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const
/** HH:MM in the depot's time zone, within one day. */
export type Shift = { days: (typeof weekdays)[number][]; start: string; end: string }

export const DriverSchema = defineEntity({
  name: 'Driver',
  tableName: 'driver',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    given: p.string(),
    family: p.string(),
    depotId: p.uuid().index(),
    vehicleId: p.uuid(),
    shifts: p.json<Shift[]>(),
    /** May carry parcels that need an adult's signature: controlled substances and things of value. */
    mayCarryControlled: p.boolean(),
    lastLatitude: p.double().$type<number>().nullable(),
    lastLongitude: p.double().$type<number>().nullable(),
    lastPositionAt: p.datetime().nullable(),
  },
  indexes: [{ name: 'driver_point', expression: 'create index driver_point on driver using gist (geo_point(last_latitude, last_longitude))' }],
})
export class Driver extends DriverSchema.class {}
DriverSchema.setClass(Driver)
