/**
 * Planning of operations that nobody reviewed, on threads of their own: a few hundred characters can be made to keep
 * the planner busy for seconds, and nobody else is to wait for them. A plan that is not there in time is given up with
 * its thread, and another thread takes its place.
 */
import { createHash } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import type { QueryPlan } from '@apollo/query-planner'
import { GraphQLError, print, type OperationDefinitionNode } from 'graphql'
import { AppError } from '@pharmagraph/platform/errors.ts'
import { Bounded } from '../operations/bounded.ts'
import type { Asked, Told } from './planning-thread.ts'

export type PlanningOptions = {
  /** Milliseconds one operation may take the planner. */
  readonly deadlineMs: number
  /** Threads at most; one is started with the first operation, others when those there are at work. */
  readonly threads: number
}
export const usualPlanning: PlanningOptions = { deadlineMs: 2_000, threads: 2 }

export type Planning = {
  /** Rejects with QUERY_PLANNING_TIMEOUT, or UNAVAILABLE where too many wait. */
  plan(operation: OperationDefinitionNode, on: readonly string[]): Promise<QueryPlan>
  /** Threads there are. */
  readonly threads: number
  /** Ends each thread as soon as it has nothing to do: the supergraph is no longer in force. */
  retire(): void
  /** Ends all threads now. */
  close(): Promise<void>
}

/** Operations that may wait for a thread, and for how long; the first of all waits for half a second while a thread starts. */
const maxWaiting = 200
const patienceMs = 10_000
/** A thread that needs more is given up, not the process. */
const maxHeapMegabytes = 512
/** How long an operation that took too long is refused without another attempt. */
const rememberMs = 60_000
/** A thread without work is ended after this long. */
const idleMs = 60_000

type Job = Asked & { readonly key: string; readonly late: NodeJS.Timeout; readonly resolve: (plan: QueryPlan) => void; readonly reject: (error: Error) => void }
/** `timer` ends it: a busy one at its deadline, an idle one after a while. */
type Thread = { readonly worker: Worker; job: Job | undefined; ready: boolean; timer: NodeJS.Timeout | undefined }

const tookTooLong = (deadlineMs: number): GraphQLError =>
  new GraphQLError(`the operation could not be planned within ${deadlineMs} ms: ask for less at once`, { extensions: { code: 'QUERY_PLANNING_TIMEOUT' } })
const tooMany = (): AppError => new AppError('UNAVAILABLE', 'too many new operations are waiting to be planned: try again')

export function createPlanning(sdl: string, { deadlineMs, threads: maxThreads }: PlanningOptions = usualPlanning): Planning {
  const threads = new Set<Thread>()
  const waiting: Job[] = []
  const tooLong = new Bounded<number>(1_000)
  let retired = false
  let closed = false

  const end = (thread: Thread): Promise<unknown> => {
    threads.delete(thread)
    clearTimeout(thread.timer)
    return thread.worker.terminate()
  }

  /** Gives up a thread with what it works on; another takes its place where it is needed. */
  const giveUp = (thread: Thread, error: Error): void => {
    if (!threads.has(thread)) return
    const { job } = thread
    void end(thread)
    job?.reject(error)
    next()
  }
  const giveUpOperation = (thread: Thread, { key }: Job): void => {
    tooLong.set(key, Date.now() + rememberMs)
    giveUp(thread, tookTooLong(deadlineMs))
  }

  const start = (): void => {
    const worker = new Worker(new URL('./planning-thread.ts', import.meta.url), { workerData: sdl, resourceLimits: { maxOldGenerationSizeMb: maxHeapMegabytes } })
    const thread: Thread = { worker, job: undefined, ready: false, timer: undefined }
    threads.add(thread)
    worker.unref()
    worker.on('message', (told: Told) => {
      const { job } = thread
      thread.job = undefined
      clearTimeout(thread.timer)
      if ('ready' in told) thread.ready = true
      else if ('plan' in told) job?.resolve(JSON.parse(told.plan) as QueryPlan)
      else job?.reject(new Error(told.problem))
      next()
    })
    worker.on('error', (error) => {
      const { job } = thread
      if (job && (error as { code?: string }).code === 'ERR_WORKER_OUT_OF_MEMORY') return giveUpOperation(thread, job)
      // a thread that cannot even start would be started for ever: all who wait are told
      if (!thread.ready) for (const { late, reject } of waiting.splice(0)) {
        clearTimeout(late)
        reject(error)
      }
      giveUp(thread, error)
    })
  }

  const give = (thread: Thread, job: Job): void => {
    thread.job = job
    clearTimeout(job.late)
    clearTimeout(thread.timer)
    thread.timer = setTimeout(() => giveUpOperation(thread, job), deadlineMs)
    thread.worker.postMessage({ text: job.text, on: job.on } satisfies Asked)
  }

  const rest = (thread: Thread): void => {
    clearTimeout(thread.timer)
    if (retired) void end(thread)
    else thread.timer = setTimeout(() => void end(thread), idleMs).unref()
  }

  const next = (): void => {
    for (const thread of threads) {
      if (!thread.ready || thread.job) continue
      const job = waiting.shift()
      if (job) give(thread, job)
      else rest(thread)
    }
    const starting = [...threads].filter(({ ready }) => !ready).length
    if (waiting.length > starting && threads.size < maxThreads && !closed) start()
  }

  return {
    get threads() {
      return threads.size
    },
    plan: (operation, on) =>
      new Promise((resolve, reject) => {
        const text = print(operation)
        const key = createHash('sha256').update(`${on.join()} ${text}`).digest('base64')
        if ((tooLong.get(key) ?? 0) > Date.now()) return reject(tookTooLong(deadlineMs))
        if (closed || waiting.length >= maxWaiting) return reject(tooMany())
        const late = setTimeout(() => {
          waiting.splice(waiting.indexOf(job), 1)
          reject(tooMany())
        }, patienceMs)
        const job: Job = { text, on, key, late, resolve, reject }
        waiting.push(job)
        next()
      }),
    retire() {
      retired = true
      next()
    },
    async close() {
      closed = retired = true
      const ending = [...threads]
      const stopped = new AppError('UNAVAILABLE', 'the gateway stops')
      for (const { job } of ending) job?.reject(stopped)
      for (const { late, reject } of waiting.splice(0)) {
        clearTimeout(late)
        reject(stopped)
      }
      await Promise.all(ending.map(end))
    },
  }
}
