/** Which part of the stack listens where. */
import { createServer } from 'node:net'
import { StackError } from './errors.ts'

export type Ports = Record<string, number>

/** The fixed ports of everything but the subgraphs, whose ports are in rover.yaml. */
export const defaultPorts: Ports = {
  gateway: 4000,
  identity: 4010,
  stripe: 4020,
  erx: 4021,
  carrier: 4022,
  mail: 4023,
  postgres: 4031,
  nats: 4041,
}

/** The setting that moves a part to another port: GATEWAY_PORT, PATIENTS_PORT, … */
export function portSetting(name: string): string {
  return `${name.toUpperCase().replaceAll('-', '_')}_PORT`
}

/** The default ports, moved by the settings in `env`. */
export function configuredPorts(defaults: Ports, env: NodeJS.ProcessEnv): Ports {
  return Object.fromEntries(
    Object.entries(defaults).map(([name, port]) => {
      const setting = env[portSetting(name)]
      const moved = setting === undefined || setting === '' ? port : Number(setting)
      if (!Number.isInteger(moved) || moved < 1 || moved > 65535) {
        throw new StackError('BAD_SETTING', `${portSetting(name)} must be a port number between 1 and 65535, not "${setting}".`)
      }
      return [name, moved]
    }),
  )
}

/** Refuses ports that are taken or given twice, all in one message, before anything is started. */
export async function checkPorts(ports: Ports): Promise<void> {
  const names = new Map<number, string>()
  const problems: string[] = []
  for (const [name, port] of Object.entries(ports)) {
    const other = names.get(port)
    if (other !== undefined) problems.push(`${other} and ${name} are both set to port ${port}; change ${portSetting(name)}`)
    else if (!(await isFree(port))) problems.push(`port ${port} (${name}) is taken; set ${portSetting(name)} to another`)
    names.set(port, name)
  }
  if (problems.length > 0) throw new StackError('PORT_TAKEN', `Nothing was started:\n${problems.map((line) => `  - ${line}`).join('\n')}`)
}

/**
 * A free port, other than those in `except`. It is drawn from below the range that the system gives to outgoing
 * connections, so that none of those takes it before its use, and at random, so that stacks started at once rarely meet.
 */
export async function freePort(except: ReadonlySet<number> = new Set()): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if (!except.has(port) && (await isFree(port))) return port
  }
}

/** A free port for each name. */
export async function freePorts(names: readonly string[]): Promise<Ports> {
  const used = new Set<number>()
  for (const _ of names) used.add(await freePort(used))
  return Object.fromEntries([...used].map((port, i) => [names[i] ?? '', port]))
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
