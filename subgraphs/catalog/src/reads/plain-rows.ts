import type { EntityClass, EntityProperty } from '@mikro-orm/postgresql'
import type { EntityManager } from '@pharmagraph/platform'

type Row = Record<string, unknown>

/** Columns of an entity that are loaded by default, in SQL under an alias. */
export const columnsOf = <Entity extends object>(em: EntityManager, entity: EntityClass<Entity>, alias: string): string =>
  loaded(em, entity).map(({ fieldNames }) => `${alias}.${fieldNames[0]}`).join(', ')

/**
 * Makes rows of raw SQL read like the entity, without being managed: of rows that nobody is going to change, making
 * entities costs more than finding them.
 */
export function plainRows<Entity extends object>(em: EntityManager, entity: EntityClass<Entity>): (row: Row) => Entity {
  const platform = em.getPlatform()
  const properties = loaded(em, entity).map(({ name, fieldNames, customType, runtimeType }) => ({ name, column: fieldNames[0]!, customType, isTime: runtimeType === 'Date' }))
  return (row) => {
    const plain: Row = {}
    for (const { name, column, customType, isTime } of properties) {
      const value = row[column]
      if (value == null) plain[name] = null
      else if (isTime) plain[name] = platform.parseDate(value as string)
      else plain[name] = customType ? customType.convertToJSValue(value, platform) : value
    }
    return plain as Entity
  }
}

const loaded = <Entity extends object>(em: EntityManager, entity: EntityClass<Entity>): EntityProperty[] =>
  (Object.values(em.getMetadata().get(entity).properties) as EntityProperty[]).filter(({ lazy }) => !lazy)
