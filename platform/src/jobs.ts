import { systemActor, type Actor } from './actor.ts'
import { transact, type EntityManager, type Orm } from './orm.ts'
import type { Logger } from './telemetry.ts'

/** Work by the clock. One instance at a time runs it, under an advisory lock in the job's own transaction. */
export type Job = {
  readonly name: string
  readonly everyMs: number
  run(em: EntityManager, actor: Actor): Promise<void>
}
/** A job that needs more than the database. */
export type JobWithServices<Services> = Omit<Job, 'run'> & { run(em: EntityManager, actor: Actor, tools: JobTools<Services>): Promise<void> }
export type JobTools<Services> = { readonly services: Services; readonly logger: Logger }

export function startJobs<Services>(service: string, jobs: readonly JobWithServices<Services>[], services: Services, orm: Orm, logger: Logger): { stop(): Promise<void> } {
  const actor = systemActor(service)
  let stopped = false
  const timers = new Set<NodeJS.Timeout>()
  const running = new Set<Promise<void>>()

  const once = async (job: JobWithServices<Services>): Promise<void> => {
    try {
      await transact(orm, async (em) => {
        const [lock] = await em.execute<{ held: boolean }[]>('select pg_try_advisory_xact_lock(hashtext(?)) as held', [`job:${job.name}`])
        if (lock?.held) await job.run(em, actor, { services, logger })
      })
    } catch (error) {
      if (!stopped) logger.warn({ err: error, job: job.name }, 'job failed, will run again')
    }
  }
  const schedule = (job: JobWithServices<Services>): void => {
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
