/** Batched reads: one query plan costs a bounded number of SQL statements however many entities it names. */
import DataLoader from 'dataloader'
import type { EntityClass, FilterQuery } from '@mikro-orm/postgresql'
import { isId } from './ids.ts'
import type { EntityManager } from './orm.ts'

/** Entities by id, null where there is none. `scope` narrows to what the actor may see. */
export function byId<Entity extends { id: string }>(em: EntityManager, entity: EntityClass<Entity>, scope: FilterQuery<Entity> = {} as FilterQuery<Entity>): DataLoader<string, Entity | null> {
  return new DataLoader(async (ids) => {
    // what is no UUID can be nobody's id, and PostgreSQL would refuse it with an error
    const found = await em.find(entity, { $and: [{ id: { $in: ids.filter(isId) } }, scope] } as never)
    const map = new Map((found as Entity[]).map((row) => [row.id, row]))
    return ids.map((id) => map.get(id) ?? null)
  })
}

/** All entities whose `key` is one of the keys asked for, grouped by it, in the order given. */
export function listBy<Entity extends object, Key extends keyof Entity & string>(
  em: EntityManager, entity: EntityClass<Entity>, key: Key,
  options: { scope?: FilterQuery<Entity>; orderBy?: Record<string, 'asc' | 'desc'> } = {},
): DataLoader<string, Entity[]> {
  return new DataLoader(async (keys) => {
    const where = { $and: [{ [key]: { $in: keys } }, options.scope ?? {}] } as never
    const found = (await em.find(entity, where, { orderBy: (options.orderBy ?? { id: 'asc' }) as never })) as Entity[]
    const groups = Map.groupBy(found, (row) => String(row[key]))
    return keys.map((value) => groups.get(value) ?? [])
  })
}
