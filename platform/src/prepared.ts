import { createHash } from 'node:crypto'
import { AppError } from './errors.ts'
import type { EntityManager } from './orm.ts'

type Running = { executeQuery(query: object): Promise<{ rows: unknown[] }> }

const names = new Map<string, string>()
function nameOf(text: string): string {
  let name = names.get(text)
  if (!name) names.set(text, (name = createHash('sha256').update(text).digest('base64url').slice(0, 40)))
  return name
}

/**
 * Runs a statement that the server parses and plans once per connection, in the caller's transaction; parameters are
 * $1, $2, …. For the few long statements on the hottest paths, whose planning costs more than their work: ordinary
 * ones go through `em.execute`. A pooler between us and PostgreSQL must keep prepared statements (PgBouncer 1.21 does).
 */
export async function prepared<Row>(em: EntityManager, text: string, params: readonly unknown[]): Promise<Row[]> {
  const transaction = em.getTransactionContext<Running>()
  if (!transaction) throw new AppError('INTERNAL', 'a prepared statement runs inside a transaction')
  // the query builder hands `sql` to the driver as it is, and the driver prepares what has a name
  const query = { sql: { name: nameOf(text), text }, parameters: params, query: { kind: 'RawNode' }, queryId: { queryId: nameOf(text) } }
  try {
    const { rows } = await transaction.executeQuery(query)
    em.config.getLogger().logQuery({ query: text, params: params as unknown[] })
    return rows as Row[]
  } catch (error) {
    throw em.getDriver().convertException(error as Error)
  }
}
