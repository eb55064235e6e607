/** PostgreSQL 18 on this machine: one server, and for each subgraph a database and a role of its own. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync, chownSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { storedOnce, writeJsonFile } from '../json-file.ts'
import { StackError } from './errors.ts'
import { freePort } from './ports.ts'
import { postgresHome } from './postgres-home.ts'
import type { PostgresHome } from './postgres-home.ts'
import { commandLineOf, endLeftover } from './process-table.ts'
import { Service } from './service.ts'
import type { ServiceOptions } from './service.ts'

const run = promisify(execFile)
const superuser = 'postgres'
const extensions = ['pg_trgm', 'cube', 'earthdistance', 'pgcrypto', 'btree_gist']
export const defaultDatabases = ['patients', 'prescriptions', 'catalog', 'inventory', 'orders', 'logistics', 'audit']

export interface PostgresOptions extends ServiceOptions {
  dataDir: string
  /** 0 for any free port. */
  port: number
  /** false for tests: nothing is forced to disk, so a crash of the machine (not of the server) may lose data. */
  durable: boolean
  databases?: readonly string[]
}

export interface Postgres {
  port: number
  service: Service
  /** The connection URL of a database, as its own role. */
  urlFor(name: string): string
  /** The connection URL of a database as superuser, for tests that tamper. */
  adminUrlFor(name: string): string
  stop(): Promise<void>
}

interface Credentials {
  superuser: string
  roles: Record<string, string>
}

export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { dataDir, databases = defaultDatabases } = options
  const port = options.port || (await freePort())
  const home = await postgresHome(dataDir)
  const cluster = join(home.dataDir, 'cluster')
  const credentialsFile = join(dataDir, 'credentials.json')
  if (existsSync(cluster) && !existsSync(credentialsFile)) {
    throw new StackError('START_FAILED', `${credentialsFile} is gone, and with it the passwords of the databases. Run npm run reset to start afresh.`)
  }
  const credentials = await storedOnce<Credentials>(credentialsFile, () => ({ superuser: newPassword(), roles: {} }))
  if (databases.some((name) => credentials.roles[name] === undefined)) {
    for (const name of databases) credentials.roles[name] ??= newPassword()
    writeJsonFile(credentialsFile, credentials)
  }

  if (!existsSync(cluster)) await initialise(home, cluster, credentials.superuser)
  await endLeftoverServer(cluster)
  const service = new Service(
    {
      name: 'postgres',
      command: home.postgres,
      args: ['-D', cluster, ...settings(port, options.durable)],
      env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
      cwd: home.dataDir,
      ...(home.user && { user: home.user }),
      isReady: (line) => line.includes('database system is ready to accept connections'),
      stopSignal: 'SIGINT', // "fast": sessions are ended, transactions rolled back
    },
    options,
  )
  await service.start()
  const urlAs = (role: string, password: string, database: string) => `postgres://${role}:${password}@127.0.0.1:${port}/${database}`
  const adminUrlFor = (name: string) => urlAs(superuser, credentials.superuser, name)
  try {
    await prepare(adminUrlFor, databases, credentials.roles)
  } catch (error) {
    await service.stop()
    throw error
  }

  return {
    port,
    service,
    urlFor(name) {
      const password = credentials.roles[name]
      if (password === undefined) throw new StackError('BAD_SETTING', `there is no database "${name}"; there are ${databases.join(', ')}`)
      return urlAs(name, password, name)
    },
    adminUrlFor,
    stop: () => service.stop(),
  }
}

/** Makes the cluster under another name first, so that one that was interrupted is never taken for a whole one. */
async function initialise(home: PostgresHome, cluster: string, password: string): Promise<void> {
  const partial = `${cluster}.new`
  const passwordFile = join(home.dataDir, 'superuser.tmp')
  rmSync(partial, { recursive: true, force: true })
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (home.user) chownSync(passwordFile, home.user.uid, home.user.gid)
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  // Telling it two settings that it would otherwise find by trying halves its time.
  const limits = ['--set', 'max_connections=200', '--set', 'shared_buffers=128MB']
  const access = ['--auth=scram-sha-256', `--username=${superuser}`, `--pwfile=${passwordFile}`]
  try {
    await run(home.initdb, ['-D', partial, '--no-sync', ...locale, ...limits, ...access], { cwd: home.dataDir, ...home.user })
    renameSync(partial, cluster)
  } catch (cause) {
    throw new StackError('START_FAILED', `PostgreSQL could not make its data folder ${cluster}: ${(cause as Error).message}`, { cause })
  } finally {
    unlinkSync(passwordFile)
  }
}

function settings(port: number, durable: boolean): string[] {
  const values = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    timezone: 'UTC',
    // Statements may hold PHI; they stay out of the log even when they fail.
    log_min_error_statement: 'panic',
    // synchronous_commit stays on: without fsync it costs little, and what was committed outlives kill -9.
    ...(!durable && { fsync: 'off', full_page_writes: 'off' }),
  }
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/**
 * A stack that was killed may leave its server running, or only its postmaster.pid. PostgreSQL takes over the file
 * unless the id in it belongs to a living process: ours, which is ended, or by chance another, whose file it is not.
 */
async function endLeftoverServer(cluster: string): Promise<void> {
  const file = join(cluster, 'postmaster.pid')
  if (!existsSync(file)) return
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10)
  const command = commandLineOf(pid)
  if (command === undefined) return
  if (command.includes(cluster)) await endLeftover(pid, 'SIGINT')
  else rmSync(file, { force: true })
}

/** Makes what is missing of extensions, roles and databases; the same every time. */
async function prepare(urlFor: (database: string) => string, databases: readonly string[], passwords: Record<string, string>): Promise<void> {
  // What is in template1 is in every database made after it.
  await withClient(urlFor('template1'), (client) => client.query(extensions.map((name) => `create extension if not exists ${name};`).join('\n')))
  const existing = await withClient(urlFor('postgres'), async (client) => {
    await client.query('revoke all on database postgres, template1 from public')
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database')
    return new Set(rows.map(({ datname }) => datname))
  })
  const missing = databases.filter((name) => !existing.has(name))
  await Promise.all(
    missing.map((name) =>
      withClient(urlFor('postgres'), async (client) => {
        const role = client.escapeIdentifier(name)
        const { rowCount } = await client.query('select from pg_roles where rolname = $1', [name])
        const verb = rowCount === 0 ? 'create' : 'alter'
        await client.query(`${verb} role ${role} login password ${client.escapeLiteral(passwords[name] ?? '')}`)
        await client.query(`create database ${role} owner ${role} template template1`)
        await client.query(`revoke all on database ${role} from public`)
      }),
    ),
  )
}

async function withClient<T>(connectionString: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

function newPassword(): string {
  return randomBytes(24).toString('hex')
}
