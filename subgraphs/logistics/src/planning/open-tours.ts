import type { EntityManager, Vault } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { Depot, Driver, Vehicle } from '../entities/fleet.ts'
import { Route, RouteStop } from '../entities/route.ts'
import { Shipment } from '../entities/shipment.ts'
import { shiftWindows, type ShiftWindow } from './shifts.ts'
import { stopsOf } from './stops.ts'
import type { Stop } from './tour.ts'

/** What a driver may still be given in one shift: a route that is planned, or none yet. */
export type Tour = {
  driver: Driver
  depot: Depot
  vehicle: Vehicle
  window: ShiftWindow
  /** Planned already, and not being loaded. */
  route: Route | undefined
  stops: Stop[]
  departsAt: Date
  changed: boolean
}

const minuteMs = 60_000
/** A parcel needs some time to be packed and loaded. */
const loadingMs = 10 * minuteMs

/**
 * Every driver's coming shifts as tours that parcels can be put into. Started routes stay as they are; so does a route
 * whose loading has begun, or the driver at the shelf would scan after a moving target.
 */
export async function openTours(em: EntityManager, vault: Vault, now: Date): Promise<Tour[]> {
  const drivers = await em.find(Driver, {}, { orderBy: { id: 'asc' } })
  const depots = await em.find(Depot, {})
  const vehicles = await em.find(Vehicle, {})
  const routes = await em.find(Route, { status: { $in: ['PLANNED', 'STARTED'] } }, { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: 'asc' } })
  const { stops, loading } = await stopsOfRoutes(em, vault, routes)
  return drivers.flatMap((driver) => {
    const [depot, vehicle] = [depots.find(({ id }) => id === driver.depotId)!, vehicles.find(({ id }) => id === driver.vehicleId)!]
    return shiftWindows(driver.shifts, depot.timeZone, now).map((window): Tour => {
      const own = routes.filter(({ driverId, shiftStart }) => driverId === driver.id && shiftStart.getTime() === window.start.getTime())
      const route = own.find(({ id, status }) => status === 'PLANNED' && !loading.has(id))
      const busyUntil = own.filter((other) => other !== route).map(({ endsAt }) => endsAt.getTime())
      const departsAt = new Date(Math.max(window.start.getTime(), now.getTime() + loadingMs, ...busyUntil))
      return { driver, depot, vehicle, window, route, stops: route ? (stops.get(route.id) ?? []) : [], departsAt, changed: false }
    })
  })
}

async function stopsOfRoutes(em: EntityManager, vault: Vault, routes: readonly Route[]): Promise<{ stops: Map<string, Stop[]>; loading: Set<string> }> {
  const planned = routes.filter(({ status }) => status === 'PLANNED').map(({ id }) => id)
  const rows = await em.find(RouteStop, { routeId: { $in: planned } }, { orderBy: { sequence: 'asc' } })
  const shipments = await em.find(Shipment, { id: { $in: rows.map(({ shipmentId }) => shipmentId) } })
  const byShipment = await stopsOf(em, vault, shipments)
  const loading = new Set(shipments.filter(({ status }) => status === 'PICKED_UP' || status === 'RETURNING').map(({ routeId }) => routeId!))
  const stops = new Map(planned.map((id) => [id, rows.filter(({ routeId }) => routeId === id).flatMap(({ shipmentId }) => byShipment.get(shipmentId) ?? [])]))
  return { stops, loading }
}
