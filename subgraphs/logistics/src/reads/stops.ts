import type { EntityManager, Vault } from '@pharmagraph/platform'
import type DataLoader from 'dataloader'
import { Depot } from '../entities/fleet.ts'
import { RouteStop, type Route } from '../entities/route.ts'
import { Shipment } from '../entities/shipment.ts'
import { encodePolyline } from '../geo/distance.ts'
import { stopsOf } from '../planning/stops.ts'

type Loaders = { stops: DataLoader<string, RouteStop[]>; shipment: DataLoader<string, Shipment | null> }

/** Stops in driving order, those whose parcel the actor may see: a patient sees only their own. */
export async function stopsVisible(loaders: Loaders, { id }: Route): Promise<RouteStop[]> {
  const stops = await loaders.stops.load(id)
  const shipments = await loaders.shipment.loadMany(stops.map(({ shipmentId }) => shipmentId))
  return stops.filter((_stop, index) => shipments[index] instanceof Shipment)
}

/** From the depot through the stops and back, as straight lines; the map draws the streets. */
export async function polylineOf(em: EntityManager, vault: Vault, { id, depotId }: Route): Promise<string> {
  const [depot, rows] = await Promise.all([em.findOneOrFail(Depot, { id: depotId }), em.find(RouteStop, { routeId: id }, { orderBy: { sequence: 'asc' } })])
  const shipments = await em.find(Shipment, { id: { $in: rows.map(({ shipmentId }) => shipmentId) } })
  const stops = await stopsOf(em, vault, shipments)
  const points = rows.flatMap(({ shipmentId }) => stops.get(shipmentId)?.location ?? [])
  return encodePolyline([depot, ...points, depot])
}
