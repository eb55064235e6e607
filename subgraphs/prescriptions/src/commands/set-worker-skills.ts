import { clock, invalid, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { WorkerSkills } from '../entities/worker-skills.ts'
import type { WorkSkill } from '../work-skills.ts'

/** The pharmacist-in-charge says what a person knows how to do: the queues give them nothing else. Null takes the limit away. An item they hold they keep. */
export async function setWorkerSkills(em: EntityManager, actor: Actor, { worker, skills }: { worker: string; skills?: readonly WorkSkill[] | null | undefined }): Promise<WorkerSkills | null> {
  access.must(actor, 'work-item:pick', undefined)
  if (!/^[\x21-\x7e]{1,200}$/.test(worker)) throw invalid('worker', 'name the person by the subject of their account')
  if (!skills) {
    await em.nativeDelete(WorkerSkills, { subject: worker })
    return null
  }
  return em.upsert(WorkerSkills, { subject: worker, skills: [...new Set(skills)].sort(), setBy: actor.subject, setAt: clock.now() })
}
