/** One server of the stack as a child process: start and wait until it serves, stop, kill, restart, keep it running. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { StackError } from './errors.ts'
import { forget, watch } from './guard.ts'

export interface ServiceSpec {
  name: string
  command: string
  args: readonly string[]
  env: NodeJS.ProcessEnv
  cwd?: string
  /** User and group to run as; only root can choose another. */
  user?: { uid: number; gid: number }
  /** Whether this line of output says that the server serves. */
  isReady(line: string): boolean
  /** How to ask it to stop; SIGKILL follows after `stopMs`. */
  stopSignal: NodeJS.Signals
  readyMs?: number
  stopMs?: number
}

export type ServiceStatus = 'stopped' | 'starting' | 'ready' | 'crashed'

export interface ServiceEvent {
  name: string
  what: 'starting' | 'ready' | 'crashed' | 'stopped'
  /** For `ready`: milliseconds since the start. */
  ms?: number
  /** For `crashed`: how it ended and when it is started again. */
  detail?: string
}

export interface ServiceOptions {
  /** Start it again after a crash, with a growing pause. */
  supervise?: boolean
  onEvent?: (event: ServiceEvent) => void
  /** Each line of output. */
  onLine?: (name: string, line: string) => void
  /** Told of the service before its first start, so that it can be stopped at any time. */
  onCreate?: (service: Service) => void
}

const keptLines = 200
const firstPauseMs = 200
const longestPauseMs = 10_000
/** A server that ran this long was well: its next crash starts with the short pause again. */
const wellAfterMs = 30_000

export class Service {
  readonly name: string
  #spec: ServiceSpec
  #options: ServiceOptions
  #status: ServiceStatus = 'stopped'
  #child: ChildProcess | undefined
  #exit: Promise<void> = Promise.resolve()
  #lines: string[] = []
  #restartTimer: NodeJS.Timeout | undefined
  #pauseMs = firstPauseMs
  #stopping = false

  constructor(spec: ServiceSpec, options: ServiceOptions = {}) {
    this.name = spec.name
    this.#spec = spec
    this.#options = options
    options.onCreate?.(this)
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  get status(): ServiceStatus {
    return this.#status
  }

  /** The last lines it wrote, oldest first. */
  get output(): readonly string[] {
    return this.#lines
  }

  /** Resolves when it serves; rejects with its last output when it ends first or takes too long. */
  async start(): Promise<void> {
    clearTimeout(this.#restartTimer)
    if (this.#child) throw new Error(`${this.name} is running already`)
    this.#stopping = false
    this.#status = 'starting'
    const started = Date.now()
    const child = this.#spawn()
    this.#emit({ name: this.name, what: 'starting' })
    const { promise: ready, resolve } = Promise.withResolvers<'ready'>()
    this.#read(child, (line) => this.#spec.isReady(line) && resolve('ready'))

    const readyMs = this.#spec.readyMs ?? 60_000
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<'timeout'>((done) => (timer = setTimeout(done, readyMs, 'timeout')))
    const first = await Promise.race([ready, this.#exit.then(() => 'exit' as const), timeout])
    clearTimeout(timer)
    if (first === 'exit') throw new StackError('START_FAILED', `${this.name} ended before it served${this.#tail()}`)
    if (first === 'timeout') {
      await this.kill()
      throw new StackError('START_TIMEOUT', `${this.name} did not serve within ${readyMs / 1000} s${this.#tail()}`)
    }
    this.#status = 'ready'
    // A program that ends, or a test that fails, without stopping its servers must not wait for them: the guardian does.
    this.#keepsUsAlive(false)
    this.#emit({ name: this.name, what: 'ready', ms: Date.now() - started })
  }

  /** Resolves when the process is gone. */
  async stop(): Promise<void> {
    clearTimeout(this.#restartTimer)
    this.#restartTimer = undefined
    this.#stopping = true
    const child = this.#child
    if (child) {
      this.#keepsUsAlive(true)
      child.kill(this.#spec.stopSignal)
      const force = setTimeout(() => child.kill('SIGKILL'), this.#spec.stopMs ?? 10_000)
      await this.#exit
      clearTimeout(force)
      this.#emit({ name: this.name, what: 'stopped' })
    }
    this.#status = 'stopped'
  }

  /** Ends it as an accident would; resolves when the process is gone. Under supervision it comes back. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#keepsUsAlive(true)
    this.#child?.kill(signal)
    await this.#exit
  }

  /** Stops it if it runs and starts it again; resolves when it serves. */
  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  #spawn(): ChildProcess {
    const { command, args, env, cwd, user } = this.#spec
    // A process group of its own: Ctrl-C in the terminal reaches the stack only, which then stops its servers in order.
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...(cwd && { cwd }), ...user })
    this.#child = child
    const started = Date.now()
    this.#exit = new Promise((resolve) => {
      const ended = (detail: string) => {
        if (this.#child !== child) return
        this.#child = undefined
        if (child.pid !== undefined) forget(child.pid)
        const wasReady = this.#status === 'ready'
        this.#status = this.#stopping ? 'stopped' : 'crashed'
        resolve()
        if (!this.#stopping) this.#crashed(detail, Date.now() - started, wasReady)
      }
      child.once('error', (error) => {
        this.#keep(error.message)
        ended(error.message)
      })
      // 'close' and not 'exit': by then its last words have been read.
      child.once('close', (code, signal) => ended(signal ? `killed by ${signal}` : `exit code ${code}`))
    })
    if (child.pid !== undefined) watch(child.pid, this.#spec.stopSignal)
    return child
  }

  #crashed(detail: string, livedMs: number, wasReady: boolean): void {
    // A first start that fails is reported by start(); a restart that fails is tried again.
    if (!wasReady && this.#restartTimer === undefined) return
    if (!this.#options.supervise) return this.#emit({ name: this.name, what: 'crashed', detail })
    if (livedMs > wellAfterMs) this.#pauseMs = firstPauseMs
    this.#emit({ name: this.name, what: 'crashed', detail: `${detail}; starting it again in ${this.#pauseMs} ms` })
    this.#restartTimer = setTimeout(() => this.start().catch(() => {}), this.#pauseMs).unref()
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs)
  }

  #keepsUsAlive(keeps: boolean): void {
    const verb = keeps ? 'ref' : 'unref'
    this.#child?.[verb]()
    for (const stream of [this.#child?.stdout, this.#child?.stderr]) (stream as Socket | undefined)?.[verb]()
  }

  #read(child: ChildProcess, onLine: (line: string) => void): void {
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue
      createInterface({ input: stream }).on('line', (line) => {
        this.#keep(line)
        onLine(line)
      })
    }
  }

  #keep(line: string): void {
    this.#lines.push(line)
    if (this.#lines.length > keptLines) this.#lines.shift()
    this.#options.onLine?.(this.name, line)
  }

  #tail(): string {
    const lines = this.#lines.slice(-20)
    return lines.length === 0 ? ' and wrote nothing' : `; its last output:\n${lines.map((line) => `    ${line}`).join('\n')}`
  }

  #emit(event: ServiceEvent): void {
    this.#options.onEvent?.(event)
  }
}
