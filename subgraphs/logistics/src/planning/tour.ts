import { roadMeters, type Point } from '../geo/distance.ts'

/** One parcel's place in a tour. */
export type Stop = { shipmentId: string; location: Point; serviceMinutes: number; ambientLitres: number; coldLitres: number }

/** From the depot through the stops and back. Times are instants, distance is metres by road. */
export type Timetable = { arrivals: Date[]; distanceMeters: number; endsAt: Date }

export type Limits = { shiftEnd: Date; ambientLitres: number; coldLitres: number; coldMinutes: number }

const citySpeedKmh = 25
const travelMs = (meters: number): number => (meters / 1000 / citySpeedKmh) * 3_600_000
const minuteMs = 60_000

/** Arrival at each stop when the driver leaves `from` at `departsAt` and ends at the depot. */
export function timetable(from: Point, depot: Point, stops: readonly Stop[], departsAt: Date): Timetable {
  const arrivals: Date[] = []
  let [at, distanceMeters, place] = [departsAt.getTime(), 0, from]
  for (const { location, serviceMinutes } of stops) {
    const leg = roadMeters(place, location)
    at += travelMs(leg)
    arrivals.push(new Date(at))
    at += serviceMinutes * minuteMs
    distanceMeters += leg
    place = location
  }
  const home = roadMeters(place, depot)
  return { arrivals, distanceMeters: distanceMeters + home, endsAt: new Date(at + travelMs(home)) }
}

/** Where a stop adds the least way (nearest insertion): the index it gets and the metres it adds. */
export function cheapestInsertion(depot: Point, stops: readonly Stop[], { location }: Stop): { index: number; addedMeters: number } {
  let best = { index: 0, addedMeters: Infinity }
  for (let index = 0; index <= stops.length; index++) {
    const [before, after] = [stops[index - 1]?.location ?? depot, stops[index]?.location ?? depot]
    const addedMeters = roadMeters(before, location) + roadMeters(location, after) - roadMeters(before, after)
    if (addedMeters < best.addedMeters) best = { index, addedMeters }
  }
  return best
}

/** Whether the tour ends within the shift, the vehicle holds the parcels, and cold ones arrive before the box warms up. */
export function fits(stops: readonly Stop[], { arrivals, endsAt }: Timetable, departsAt: Date, limits: Limits): boolean {
  const load = (kind: 'ambientLitres' | 'coldLitres'): number => stops.reduce((total, stop) => total + stop[kind], 0)
  const coldBy = departsAt.getTime() + limits.coldMinutes * minuteMs
  return endsAt <= limits.shiftEnd && load('ambientLitres') <= limits.ambientLitres && load('coldLitres') <= limits.coldLitres
    && stops.every(({ coldLitres }, index) => coldLitres === 0 || arrivals[index]!.getTime() <= coldBy)
}
