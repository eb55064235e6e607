/**
 * The whole system on this machine: PostgreSQL, NATS, identity provider, sandboxes of the outside world, subgraphs and
 * gateway, each a process of its own. Used by `npm start`, the demo and the end-to-end tests.
 */
import { chmodSync, createWriteStream, existsSync, mkdirSync } from 'node:fs'
import type { WriteStream } from 'node:fs'
import { join, resolve } from 'node:path'
import { readJsonFile, writeJsonFile } from '../json-file.ts'
import {
  databaseSetting, gatewayEnvironment, identityEnvironment, issuerUrl, publicUrl, sandboxesEnvironment, sandboxUrls, subgraphEnvironment,
  subgraphUrl,
} from './environment.ts'
import type { Surroundings } from './environment.ts'
import { StackError } from './errors.ts'
import { acquireLock } from './lock.ts'
import type { HeldLock } from './lock.ts'
import { startNats } from './nats.ts'
import type { Nats } from './nats.ts'
import { checkPorts, configuredPorts, defaultPorts, freePorts } from './ports.ts'
import type { Ports } from './ports.ts'
import { startPostgres } from './postgres.ts'
import type { Postgres } from './postgres.ts'
import { endLeftover, startMarkOf } from './process-table.ts'
import { loadSecrets } from './secrets.ts'
import type { Secrets } from './secrets.ts'
import { Service } from './service.ts'
import type { ServiceEvent, ServiceOptions } from './service.ts'
import { readSubgraphs } from './subgraphs.ts'
import type { Subgraph } from './subgraphs.ts'

export const repositoryRoot = resolve(import.meta.dirname, '../../..')

export interface StackOptions {
  /** Databases, streams, accounts, keys, logs, lock. */
  dataDir: string
  /** `default`: the well-known ports, moved by GATEWAY_PORT and the like. `free`: any, for tests. */
  ports: 'default' | 'free'
  /** Load the demo data. */
  seed: boolean
  /** The output of the processes: kept in memory only, copied to stderr, or written to <dataDir>/logs/<name>.log. */
  log: 'quiet' | 'inherit' | 'file'
  /** Start these parts and what they need, instead of everything. */
  only?: readonly string[]
  /** Start a crashed process again; default true. */
  supervise?: boolean
  /** Whether data must survive a crash of the machine; default: with the default ports. */
  durable?: boolean
  /** Settings given to every process, e.g. CLOCK_OFFSET_SECONDS. */
  env?: Record<string, string>
  onProgress?: (event: StackEvent) => void
  /** Aborting stops what has been started, and the start is rejected. */
  signal?: AbortSignal
  /** The repository; another one in the tests of the stack itself. */
  root?: string
}

export type StackEvent = ServiceEvent | { name: string; what: 'missing'; detail: string }

export interface Stack {
  /** The GraphQL endpoint for queries and mutations, and for subscriptions. */
  gatewayUrl: string
  wsUrl: string
  /** The gateway's origin, for its REST endpoints. */
  publicUrl: string
  issuer: string
  /** The GraphQL endpoint of each subgraph. */
  urls: Record<string, string>
  sandboxes: Record<'stripe' | 'erx' | 'carrier' | 'mail', string>
  /** Everything that runs, by name. */
  processes: ReadonlyMap<string, Service>
  /** Throw where this stack has none of its own. */
  readonly nats: Nats
  readonly postgres: Postgres
  /** Stops a process if it runs, starts it again and resolves when it serves. */
  restart(name: string): Promise<void>
  /** Stops everything, in order; resolves when no process and no lock is left. */
  stop(): Promise<void>
}

export async function startStack(options: StackOptions): Promise<Stack> {
  const stack = new LocalStack(options, await choosePorts(options))
  await stack.start()
  return stack
}

/** One thing to start, and what must serve before it. */
interface Part {
  name: string
  needs: readonly string[]
  start(): Promise<void>
}

class LocalStack implements Stack {
  readonly processes = new Map<string, Service>()
  readonly #options: StackOptions
  readonly #root: string
  readonly #dataDir: string
  readonly #ports: Ports
  readonly #settings: NodeJS.ProcessEnv
  readonly #subgraphs: readonly Subgraph[]
  readonly #logs: Logs
  #lock: HeldLock | undefined
  #postgres: Postgres | undefined
  #nats: Nats | undefined

  constructor(options: StackOptions, ports: Ports) {
    this.#options = options
    this.#root = options.root ?? repositoryRoot
    this.#dataDir = resolve(options.dataDir)
    this.#ports = ports
    this.#settings = options.ports === 'default' ? process.env : {}
    this.#subgraphs = readSubgraphs(this.#root)
    this.#logs = createLogs(options.log, this.#dataDir)
  }

  get publicUrl(): string {
    return publicUrl(this.#ports)
  }

  get gatewayUrl(): string {
    return `${this.publicUrl}/graphql`
  }

  get wsUrl(): string {
    return this.gatewayUrl.replace('http', 'ws')
  }

  get issuer(): string {
    return issuerUrl(this.#ports, this.#settings)
  }

  get urls(): Record<string, string> {
    return Object.fromEntries(this.#subgraphs.map(({ name }) => [name, subgraphUrl(name, this.#ports)]))
  }

  get sandboxes(): Stack['sandboxes'] {
    return sandboxUrls(this.#ports)
  }

  get nats(): Nats {
    if (!this.#nats) throw new StackError('NOT_FOUND', 'this stack runs no NATS server of its own')
    return this.#nats
  }

  get postgres(): Postgres {
    if (!this.#postgres) throw new StackError('NOT_FOUND', 'this stack runs no PostgreSQL of its own')
    return this.#postgres
  }

  async start(): Promise<void> {
    mkdirSync(this.#dataDir, { recursive: true })
    // PostgreSQL may run as another user, who must be able to pass; the files that are secret are closed themselves.
    chmodSync(this.#dataDir, 0o711)
    this.#lock = acquireLock(this.#dataDir, this.gatewayUrl)
    try {
      await endLeftovers(this.#dataDir)
      const known = ['postgres', 'nats', 'identity', 'sandboxes', ...this.#subgraphs.map(({ name }) => name), 'gateway']
      const parts = select(this.#parts(await loadSecrets(this.#dataDir)), this.#options.only, known)
      await checkPorts(portsOf(parts, this.#ports))
      await startParts(parts, this.#options.signal, () => this.#stopProcesses())
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async restart(name: string): Promise<void> {
    const service = this.processes.get(name)
    if (!service) throw new StackError('NOT_FOUND', `there is no process "${name}"; there are ${[...this.processes.keys()].join(', ')}`)
    await service.restart()
  }

  async stop(): Promise<void> {
    await this.#stopProcesses()
    await this.#logs.close()
    this.#lock?.release()
    this.#lock = undefined
  }

  /** First the gateway, so that no request is cut in half further down; last what the others write to. */
  async #stopProcesses(): Promise<void> {
    const rank = (name: string) => (name === 'gateway' ? 0 : name === 'postgres' || name === 'nats' ? 2 : 1)
    for (const now of [0, 1, 2]) {
      await Promise.all([...this.processes].filter(([name]) => rank(name) === now).map(([, service]) => service.stop()))
    }
  }

  /** Everything that can be started here: a server the settings name elsewhere is left out, and so is a missing entry. */
  #parts(secrets: Secrets): Part[] {
    const near: Surroundings = {
      root: this.#root,
      dataDir: this.#dataDir,
      ports: this.#ports,
      secrets,
      subgraphs: this.#subgraphs,
      seed: this.#options.seed,
      settings: this.#settings,
      extra: this.#options.env ?? {},
      databaseUrl: (name) => this.#settings[databaseSetting(name)] || this.postgres.urlFor(name),
    }
    const servers: Part[] = []
    if (this.#subgraphs.length === 0 || this.#subgraphs.some(({ name }) => !this.#settings[databaseSetting(name)])) {
      servers.push({ name: 'postgres', needs: [], start: () => this.#startPostgres() })
    }
    if (!this.#settings['NATS_URL']) servers.push({ name: 'nats', needs: [], start: () => this.#startNats() })

    const program = (name: string, entry: string, needs: readonly string[], env: () => NodeJS.ProcessEnv): Part[] => {
      if (!existsSync(join(this.#root, entry))) {
        this.#options.onProgress?.({ name, what: 'missing', detail: `${entry} does not exist` })
        return []
      }
      const present = needs.filter((need) => servers.some((server) => server.name === need))
      return [{ name, needs: present, start: () => this.#startProgram(name, entry, env()) }]
    }
    return [
      ...servers,
      ...(this.#settings['OIDC_ISSUER'] ? [] : program('identity', 'dev/src/identity/main.ts', [], () => identityEnvironment(near))),
      ...program('sandboxes', 'dev/src/sandboxes/main.ts', [], () => sandboxesEnvironment(near)),
      ...this.#subgraphs.flatMap(({ name }) =>
        program(name, `subgraphs/${name}/src/main.ts`, ['postgres', 'nats'], () => subgraphEnvironment(name, near)),
      ),
      ...program('gateway', 'gateway/src/main.ts', ['nats'], () => gatewayEnvironment(near)),
    ]
  }

  async #startPostgres(): Promise<void> {
    this.#postgres = await startPostgres({
      ...this.#serviceOptions(),
      dataDir: join(this.#dataDir, 'postgres'),
      port: this.#ports['postgres'] ?? 0,
      durable: this.#options.durable ?? this.#options.ports === 'default',
      ...(this.#subgraphs.length > 0 && { databases: this.#subgraphs.map(({ name }) => name) }),
    })
  }

  async #startNats(): Promise<void> {
    this.#nats = await startNats({ ...this.#serviceOptions(), storeDir: join(this.#dataDir, 'nats'), port: this.#ports['nats'] ?? 0 })
  }

  async #startProgram(name: string, entry: string, env: NodeJS.ProcessEnv): Promise<void> {
    const args = [join(this.#root, entry)]
    // what one process compiled the next start need not
    const kept = { NODE_COMPILE_CACHE: join(this.#dataDir, 'compile-cache'), ...env }
    const spec = { name, command: process.execPath, args, env: kept, cwd: this.#root, isReady: isReadyLine, stopSignal: 'SIGTERM' as const }
    await new Service(spec, this.#serviceOptions()).start()
  }

  #serviceOptions(): ServiceOptions {
    return {
      supervise: this.#options.supervise ?? true,
      onCreate: (service) => void this.processes.set(service.name, service),
      onLine: (name, line) => this.#logs.write(name, line),
      onEvent: (event) => {
        recordProcesses(this.#dataDir, this.processes)
        this.#options.onProgress?.(event)
      },
    }
  }
}

async function choosePorts({ ports, root = repositoryRoot }: StackOptions): Promise<Ports> {
  const defaults = { ...defaultPorts, ...Object.fromEntries(readSubgraphs(root).map(({ name, port }) => [name, port])) }
  return ports === 'free' ? freePorts(Object.keys(defaults)) : configuredPorts(defaults, process.env)
}

/** The ports that these parts will listen on. */
function portsOf(parts: readonly Part[], ports: Ports): Ports {
  const names = parts.flatMap(({ name }) => (name === 'sandboxes' ? Object.keys(sandboxUrls(ports)) : [name]))
  return Object.fromEntries(names.map((name) => [name, ports[name] ?? 0]))
}

/** The named parts and, before each, what it needs. A part whose entry is missing has been reported and is left out. */
function select(parts: readonly Part[], only: readonly string[] | undefined, known: readonly string[]): Part[] {
  if (!only) return [...parts]
  const wanted = new Set<string>()
  const want = (name: string): void => {
    if (!known.includes(name)) throw new StackError('NOT_FOUND', `there is no part "${name}" to start; there are ${known.join(', ')}`)
    wanted.add(name)
    parts.find((part) => part.name === name)?.needs.forEach(want)
  }
  only.forEach(want)
  return parts.filter(({ name }) => wanted.has(name))
}

/** Starts each part as soon as what it needs serves. At the first failure, or the signal, nothing of it is left running. */
async function startParts(parts: readonly Part[], signal: AbortSignal | undefined, stopProcesses: () => Promise<void>): Promise<void> {
  const giveUp = new AbortController()
  const given = signal ? AbortSignal.any([giveUp.signal, signal]) : giveUp.signal
  const started = new Map<string, Promise<void>>()
  for (const { name, needs, start } of parts) {
    const before = Promise.all(needs.map((need) => started.get(need)))
    started.set(name, before.then(() => (given.throwIfAborted(), start())))
  }
  const all = [...started.values()]
  const aborted = Promise.withResolvers<never>()
  aborted.promise.catch(() => {})
  given.addEventListener('abort', () => aborted.reject(given.reason), { once: true })
  try {
    await Promise.race([Promise.all(all), aborted.promise])
  } catch (error) {
    giveUp.abort(error)
    await stopProcesses()
    // A part may have been about to start its process.
    await Promise.allSettled(all)
    await stopProcesses()
    throw error
  }
}

function isReadyLine(line: string): boolean {
  if (!line.startsWith('{')) return false
  try {
    return typeof (JSON.parse(line) as { ready?: unknown }).ready === 'string'
  } catch {
    return false
  }
}

interface Logs {
  write(name: string, line: string): void
  close(): Promise<void>
}

function createLogs(mode: StackOptions['log'], dataDir: string): Logs {
  const files = new Map<string, WriteStream>()
  const folder = join(dataDir, 'logs')
  if (mode === 'file') mkdirSync(folder, { recursive: true })
  return {
    write(name, line) {
      if (mode === 'inherit') process.stderr.write(`[${name}] ${line}\n`)
      if (mode !== 'file') return
      const file = files.get(name) ?? createWriteStream(join(folder, `${name}.log`), { mode: 0o600 })
      files.set(name, file)
      file.write(`${line}\n`)
    },
    close: async () => void (await Promise.all([...files.values()].map((file) => new Promise((resolve) => file.end(resolve))))),
  }
}

type Recorded = Record<string, { pid: number; startMark: string | undefined }>

/** Remembers who runs, for the next start: should this process and its guardian be killed, the others live on. */
function recordProcesses(dataDir: string, processes: ReadonlyMap<string, Service>): void {
  const running: Recorded = {}
  for (const [name, { pid }] of processes) if (pid !== undefined) running[name] = { pid, startMark: startMarkOf(pid) }
  writeJsonFile(join(dataDir, 'processes.json'), running, { flush: false })
}

/** Ends what a stack that was killed together with its guardian left running. */
export async function endLeftovers(dataDir: string): Promise<void> {
  const recorded = readJsonFile<Recorded>(join(dataDir, 'processes.json')) ?? {}
  const left = Object.entries(recorded).filter(([, { pid, startMark }]) => startMark !== undefined && startMarkOf(pid) === startMark)
  await Promise.all(left.map(([name, { pid }]) => endLeftover(pid, name === 'postgres' ? 'SIGINT' : 'SIGTERM', 3000)))
}
