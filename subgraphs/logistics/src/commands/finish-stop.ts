import { apply, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { Route } from '../entities/route.ts'
import { routeLifecycle } from '../lifecycles/route.ts'
import type { Services } from '../services.ts'
import { retime, stopsInOrder } from './driving.ts'

/** The stop is done; the last one completes a route under way, else the rest is timed anew from `at`, or where the driver was last. */
export async function finishStop(
  em: EntityManager, actor: Actor, { vault }: Services, route: Route, shipmentId: string, at = lastPosition(route),
): Promise<void> {
  const stops = await stopsInOrder(em, route)
  for (const stop of stops) if (stop.shipmentId === shipmentId) stop.done = true
  if (route.status !== 'STARTED') return
  if (stops.every(({ done }) => done)) return void apply(em, actor, routeLifecycle, route, 'complete')
  await em.flush()
  if (at) await retime(em, vault, route, at)
}

const lastPosition = ({ latitude, longitude }: Route) => (latitude != null && longitude != null ? { latitude, longitude } : undefined)
