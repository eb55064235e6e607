import { page, type Actor, type Connection, type EntityManager, type Page } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { Route } from '../entities/route.ts'

/** The signed-in driver's route under way, else the next one planned. */
export async function routeOfDriver(em: EntityManager, { driverId }: Actor): Promise<Route | null> {
  if (!driverId) return null
  const routes = await em.find(Route, { driverId, status: { $in: ['STARTED', 'PLANNED'] } }, { orderBy: { departsAt: 'asc' } })
  return routes.find(({ status }) => status === 'STARTED') ?? routes[0] ?? null
}

export async function routesOfDay(em: EntityManager, actor: Actor, { date, ...request }: Page & { date: string }): Promise<Connection<Route>> {
  access.must(actor, 'route:list', undefined)
  return page<Route>(em, Route, { date }, request)
}
