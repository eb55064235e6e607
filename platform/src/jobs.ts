import { systemActor, type Actor } from './actor.ts'
import { transact, type EntityManager, type Orm } from './orm.ts'
import type { Logger } from './telemetry.ts'

/** Work by the clock. One instance at a time runs it, under an advisory lock in the job's own transaction. */
export type Job = {
  readonly name: string
  readonly everyMs: number
  run(em: EntityManager, actor: Actor): Promise<void>
}

export function startJobs(service: string, jobs: readonly Job[], orm: Orm, logger: Logger): { stop(): Promise<void> } {
  const actor = systemActor(service)
  let stopped = false
  const timers = new Set<NodeJS.Timeout>()
  const running = new Set<Promise<void>>()

  const once = async (job: Job): Promise<void> => {
    try {
      await transact(orm, async (em) => {
        const [lock] = await em.execute<{ held: boolean }[]>('select pg_try_advisory_xact_lock(hashtext(?)) as held', [`job:${job.name}`])
        if (lock?.held) await job.run(em, actor)
      })
    } catch (error) {
      if (!stopped) logger.warn({ err: error, job: job.name }, 'job failed, will run again')
    }
  }
  const schedule = (job: Job): void => {
    if (stopped) return
    const timer = setTimeout(() => {
      timers.delete(timer)
      const run = once(job).finally(() => {
        running.delete(run)
        schedule(job)
      })
      running.add(run)
    }, job.everyMs)
    timers.add(timer)
  }
  jobs.forEach(schedule)
  return {
    async stop() {
      stopped = true
      timers.forEach(clearTimeout)
      await Promise.allSettled(running)
    },
  }
}
