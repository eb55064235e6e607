import type { EntityManager } from '@pharmagraph/platform'
import type { Point } from '../geo/distance.ts'

/** Ids, nearest first, by the spatial index. The same SQL on both engines of geo.sql. */
export const nearestDepotSql = 'select id from depot order by geo_point(latitude, longitude) <-> geo_point(?, ?) limit ?'
export const nearestDriversSql = `select id from driver where last_latitude is not null
  order by geo_point(last_latitude, last_longitude) <-> geo_point(?, ?) limit ?`

export async function nearestDepot(em: EntityManager, { latitude, longitude }: Point): Promise<string | undefined> {
  const [row] = await em.execute<{ id: string }[]>(nearestDepotSql, [latitude, longitude, 1])
  return row?.id
}

/** Drivers whose position is known. */
export async function nearestDrivers(em: EntityManager, { latitude, longitude }: Point, limit = 100): Promise<string[]> {
  return (await em.execute<{ id: string }[]>(nearestDriversSql, [latitude, longitude, limit])).map(({ id }) => id)
}
