import { defineEntity, p } from '@mikro-orm/postgresql'

export const routeStatuses = ['PLANNED', 'STARTED', 'COMPLETED', 'CANCELLED'] as const
export type RouteStatus = (typeof routeStatuses)[number]

export const RouteSchema = defineEntity({
  name: 'Route',
  tableName: 'route',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    /** Day of the shift, in the depot's time zone. */
    date: p.date(),
    driverId: p.uuid(),
    depotId: p.uuid(),
    status: p.enum(routeStatuses),
    distanceMeters: p.integer(),
    shiftStart: p.datetime(),
    shiftEnd: p.datetime(),
    /** When the driver leaves the depot, and is back there. */
    departsAt: p.datetime(),
    endsAt: p.datetime(),
    /** The driver's last position on this route. */
    latitude: p.double().$type<number>().nullable(),
    longitude: p.double().$type<number>().nullable(),
    headingDegrees: p.double().$type<number>().nullable(),
    speedKmh: p.double().$type<number>().nullable(),
    positionAt: p.datetime().nullable(),
    /** When the parcels' moves were last told. */
    movedToldAt: p.datetime().nullable(),
  },
  indexes: [
    { properties: ['date'] },
    { name: 'route_open', expression: "create index route_open on route (driver_id, departs_at) where status in ('PLANNED', 'STARTED')" },
  ],
})
export class Route extends RouteSchema.class {}
RouteSchema.setClass(Route)

export const RouteStopSchema = defineEntity({
  name: 'RouteStop',
  tableName: 'route_stop',
  properties: {
    id: p.uuid().primary(),
    routeId: p.uuid(),
    shipmentId: p.uuid().index(),
    /** From 1. */
    sequence: p.integer(),
    estimatedArrival: p.datetime(),
    done: p.boolean(),
  },
  uniques: [{ properties: ['routeId', 'shipmentId'] }],
})
export class RouteStop extends RouteStopSchema.class {}
RouteStopSchema.setClass(RouteStop)

/** The driver's track: personal data of an employee, forgotten after a month (jobs/forget-tracks.ts). */
export const RoutePositionSchema = defineEntity({
  name: 'RoutePosition',
  tableName: 'route_position',
  properties: {
    id: p.bigint('number').primary().autoincrement(),
    routeId: p.uuid(),
    latitude: p.double().$type<number>(),
    longitude: p.double().$type<number>(),
    at: p.datetime(),
  },
  indexes: [{ properties: ['routeId', 'at'] }],
})
export class RoutePosition extends RoutePositionSchema.class {}
RoutePositionSchema.setClass(RoutePosition)
