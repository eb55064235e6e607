/** The database of one subgraph: connection, migrations, transactions that retry what may be retried. */
import {
  DeadlockException, LockWaitTimeoutException, MikroORM, OptimisticLockError, UnderscoreNamingStrategy,
  type EntityManager, type Options,
} from '@mikro-orm/postgresql'
import { Migrator } from '@mikro-orm/migrations'
import { platformEntities } from './tables.ts'
import { describeSql, noTracer, type Tracer } from './tracing.ts'

export type { EntityManager }
export type Orm = MikroORM
export type EntityList = NonNullable<Options['entities']>

export type DatabaseOptions = { url: string; entities: EntityList; migrations: string; poolSize?: number }

/** Options shared by the running service and by `npm run migration`. */
export function ormOptions({ url, entities, migrations, poolSize = 10 }: DatabaseOptions): Options {
  return {
    clientUrl: url,
    entities: [...platformEntities, ...entities],
    namingStrategy: UnderscoreNamingStrategy,
    extensions: [Migrator],
    migrations: { path: migrations, pathTs: migrations, snapshot: false, emit: 'ts', transactional: true, silent: true, fileName: (timestamp, name) => `Migration${timestamp}${name ? `_${name}` : ''}` },
    // triggers and functions are written by hand in migrations: the generator is not to drop them
    schemaGenerator: { ignoreTriggers: true, ignoreRoutines: true },
    pool: { min: 0, max: poolSize },
    forceUtcTimezone: true,
    // one fork per request: sharing the global identity map between requests would mix people's data
    allowGlobalContext: false,
    debug: false,
  }
}

export async function openDatabase(options: DatabaseOptions, tracer: Tracer = noTracer): Promise<Orm> {
  const orm = await MikroORM.init(ormOptions(options))
  if (tracer.recording) traceSql(orm, tracer)
  return orm
}

/** A span for each statement of a traced request. The text has placeholders; values in it are taken out all the same. */
function traceSql(orm: Orm, tracer: Tracer): void {
  const logger = orm.config.getLogger()
  const logQuery = logger.logQuery.bind(logger)
  logger.logQuery = (context) => {
    const { summary, text } = describeSql(context.query ?? '')
    tracer.ended(summary, {
      kind: 'client', startedAt: Date.now() - (context.took ?? 0), failed: context.level === 'error',
      attributes: { 'db.system.name': 'postgresql', 'db.query.summary': summary, 'db.query.text': text },
    })
    logQuery(context)
  }
}

/** Runs pending migrations; instances that start together wait for each other on an advisory lock. */
export async function migrate(orm: Orm): Promise<void> {
  await orm.em.fork().transactional(async (lock) => {
    await lock.execute('select pg_advisory_xact_lock(7166001)')
    await orm.migrator.up()
  })
}

const mayRetry = (error: unknown): boolean =>
  error instanceof OptimisticLockError ||
  error instanceof DeadlockException ||
  error instanceof LockWaitTimeoutException ||
  (error as { code?: string }).code === '40001'

/**
 * Runs `work` in one transaction on a fresh fork and commits. Version conflicts, deadlocks and serialisation failures
 * run the whole of it again, up to five times: the work must have no effect outside the database.
 */
export async function transact<T>(orm: Orm, work: (em: EntityManager) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await orm.em.fork().transactional(work)
    } catch (error) {
      if (attempt >= 5 || !mayRetry(error)) throw error
      await new Promise((done) => setTimeout(done, Math.random() * 20 * attempt))
    }
  }
}
