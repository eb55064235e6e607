import { begin, clock, emit, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { Route, RouteStop } from '../entities/route.ts'
import { ownCourier, Shipment } from '../entities/shipment.ts'
import { routeLifecycle } from '../lifecycles/route.ts'
import { move } from '../lifecycles/shipment.ts'
import { openTours, type Tour } from '../planning/open-tours.ts'
import { stopsOf } from '../planning/stops.ts'
import { cheapestInsertion, fits, timetable, type Stop } from '../planning/tour.ts'
import { nearestDrivers } from '../reads/nearest.ts'
import type { Services } from '../services.ts'

const batchSize = 200
const noTour = { reasonCode: 'NO_TOUR', reasonMessage: 'None of our drivers can take this parcel in the coming days.' }

/**
 * Puts labelled parcels into tours from their depot by nearest insertion: into the tours of drivers on shift, else of
 * the next day somebody works; among equal ways, to the driver nearest to the depot. A parcel that fits nowhere waits, behind
 * the others, and says so.
 */
export async function planRoutes(em: EntityManager, actor: Actor, { vault }: Services): Promise<void> {
  const waiting = await em.find(Shipment, { status: 'LABELLED', carrier: ownCourier }, { orderBy: [{ reasonCode: 'asc nulls first' }, { createdAt: 'asc' }], limit: batchSize })
  if (waiting.length === 0) return
  const now = clock.now()
  const tours = await openTours(em, vault, now)
  const stops = await stopsOf(em, vault, waiting)
  const nearness = await driversByNearness(em, tours)
  for (const shipment of waiting) {
    const stop = stops.get(shipment.id)
    const place = stop && bestPlace(tours.filter((tour) => mayTake(tour, shipment)), stop, now, nearness)
    if (!stop || !place) {
      Object.assign(shipment, noTour)
      continue
    }
    place.tour.stops.splice(place.index, 0, stop)
    place.tour.changed = true
  }
  for (const tour of tours.filter(({ changed }) => changed)) await keepTour(em, actor, tour)
}

const mayTake = ({ depot, driver }: Tour, { depotId, adultSignature }: Shipment): boolean =>
  depot.id === depotId && (!adultSignature || driver.mayCarryControlled)

/** The soonest day with room; within it the least added way. */
function bestPlace(tours: readonly Tour[], stop: Stop, now: Date, nearness: ReadonlyMap<string, number>): { tour: Tour; index: number } | undefined {
  const places = tours.flatMap((tour) => {
    const { index, addedMeters } = cheapestInsertion(tour.depot, tour.stops, stop)
    const stops = tour.stops.toSpliced(index, 0, stop)
    const { vehicle, window, departsAt } = tour
    const possible = fits(stops, timetable(tour.depot, tour.depot, stops, departsAt), departsAt, { shiftEnd: window.end, ...vehicle })
    return possible ? [{ tour, index, addedMeters }] : []
  })
  const day = ({ tour: { window } }: (typeof places)[number]): string => (window.start <= now ? '' : window.date)
  const near = ({ tour: { driver } }: (typeof places)[number]): number => nearness.get(driver.id) ?? Infinity
  return places.sort((a, b) => compare(day(a), day(b)) || a.addedMeters - b.addedMeters || compare(near(a), near(b)) || compare(a.tour.window.start, b.tour.window.start))[0]
}

const compare = <T extends string | number | Date>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)

async function driversByNearness(em: EntityManager, tours: readonly Tour[]): Promise<Map<string, number>> {
  const depots = new Map(tours.map(({ depot }) => [depot.id, depot]))
  const ranks = new Map<string, number>()
  for (const depot of depots.values()) {
    const order = await nearestDrivers(em, depot)
    for (const { driver } of tours) if (driver.depotId === depot.id && order.includes(driver.id)) ranks.set(driver.id, order.indexOf(driver.id))
  }
  return ranks
}

async function keepTour(em: EntityManager, actor: Actor, { driver, depot, window, route: planned, stops, departsAt }: Tour): Promise<void> {
  const { arrivals, distanceMeters, endsAt } = timetable(depot, depot, stops, departsAt)
  const route = planned ?? em.create(Route, {
    id: newId(), date: window.date, driverId: driver.id, depotId: depot.id, status: 'PLANNED', distanceMeters, shiftStart: window.start, shiftEnd: window.end,
    departsAt, endsAt, latitude: null, longitude: null, headingDegrees: null, speedKmh: null, positionAt: null, movedToldAt: null,
  })
  if (!planned) begin(em, actor, routeLifecycle, route, 'plan')
  Object.assign(route, { distanceMeters, departsAt, endsAt })

  const rows = new Map((await em.find(RouteStop, { routeId: route.id })).map((row) => [row.shipmentId, row]))
  const shipments = new Map((await em.find(Shipment, { id: { $in: stops.map(({ shipmentId }) => shipmentId) } })).map((row) => [row.id, row]))
  for (const [index, { shipmentId }] of stops.entries()) {
    const times = { sequence: index + 1, estimatedArrival: arrivals[index]! }
    const shipment = shipments.get(shipmentId)!
    const row = rows.get(shipmentId)
    if (row) Object.assign(row, times)
    else em.create(RouteStop, { id: newId(), routeId: route.id, shipmentId, done: false, ...times })
    shipment.estimatedDelivery = times.estimatedArrival
    if (shipment.status !== 'LABELLED') continue
    Object.assign(shipment, { driverId: driver.id, routeId: route.id })
    move(em, actor, shipment, 'assign')
  }
  emit(em, actor, 'logistics.route-planned.v1', route.id, { routeId: route.id, driverId: driver.id, shipmentIds: stops.map(({ shipmentId }) => shipmentId), distanceMeters })
}
