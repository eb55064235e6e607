import { createHash } from 'node:crypto'
import type { EntityClass } from '@mikro-orm/postgresql'
import type { EntityManager } from '@pharmagraph/platform'
import { textArray } from '../sql.ts'

/** What became of a batch; `repeated` are keys that stand in the file a second time. */
export type Tally = { inserted: number; updated: number; unchanged: number; repeated: string[] }

export const fingerprintOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('base64url')

/** Notes the keys as seen by the run; parts the rows it sees for the first time from repeats, of which the first one counts. */
export async function unseen<Row>(em: EntityManager, runId: string, rows: readonly Row[], keyOf: (row: Row) => string): Promise<{ fresh: Row[]; repeated: string[] }> {
  const marked = await em.execute<{ key: string }[]>(
    'insert into import_seen (run_id, key) select distinct ?::uuid, unnest(?::text[]) on conflict do nothing returning key',
    [runId, textArray(rows.map(keyOf))],
  )
  const waiting = new Set(marked.map(({ key }) => key))
  const fresh: Row[] = []
  const repeated: string[] = []
  for (const row of rows) {
    if (waiting.delete(keyOf(row))) fresh.push(row)
    else repeated.push(keyOf(row))
  }
  return { fresh, repeated }
}

/**
 * Inserts the rows of a register, updates those that differ from what is there or had been withdrawn, and leaves the
 * others untouched, in one statement. The entity has `fingerprint` and `withdrawnAt`.
 */
export async function storeListed<Entity extends object>(em: EntityManager, entity: EntityClass<Entity>, rows: readonly Partial<Entity>[]): Promise<Omit<Tally, 'repeated'>> {
  if (rows.length === 0) return { inserted: 0, updated: 0, unchanged: 0 }
  const { tableName, properties, primaryKeys } = em.getMetadata().get(entity)
  const column = (property: string): string => (properties as Record<string, { fieldNames: string[] }>)[property]!.fieldNames[0]!
  const columns = Object.keys(properties).map(column)
  const records = rows.map((row) => Object.fromEntries(Object.entries({ ...row, fingerprint: fingerprintOf(row) }).map(([property, value]) => [column(property), value])))
  const written = await em.execute<{ inserted: boolean }[]>(
    `insert into ${tableName} (${columns.join(', ')})
     select ${columns.join(', ')} from jsonb_populate_recordset(null::${tableName}, ?::jsonb)
     on conflict (${primaryKeys.map(column).join(', ')}) do update set ${columns.map((name) => `${name} = excluded.${name}`).join(', ')}
     where ${tableName}.fingerprint <> excluded.fingerprint or ${tableName}.withdrawn_at is not null
     returning xmax = 0 as inserted`,
    [JSON.stringify(records)],
  )
  const inserted = written.filter((row) => row.inserted).length
  return { inserted, updated: written.length - inserted, unchanged: rows.length - written.length }
}
