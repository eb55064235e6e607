import { LockMode } from '@mikro-orm/postgresql'
import { apply, roleOf, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { Fill } from '../entities/fill.ts'
import { fillLifecycle } from '../lifecycles/fill.ts'
import { completeWorkItem, heldWorkItem, type Held } from './held-work-item.ts'
import { openWorkItem } from './open-work-item.ts'

/** The fill is in the bag: it goes to a pharmacist who had no hand in it. */
export async function submitFill(em: EntityManager, actor: Actor, input: Held): Promise<Fill> {
  access.must(actor, 'dispensing:fill', undefined)
  const item = await heldWorkItem(em, actor, input, 'FILL')
  const fill = await em.findOneOrFail(Fill, { id: item.fillId! }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  apply(em, actor, fillLifecycle, fill, 'submit')
  fill.filledBy = actor.subject
  fill.filledByRole = roleOf(actor)
  if (!fill.fillers.includes(actor.subject)) fill.fillers = [...fill.fillers, actor.subject]
  completeWorkItem(em, actor, item)
  await openWorkItem(em, actor, { queue: 'PRODUCT_CHECK', prescriptionId: fill.prescriptionId, fillId: fill.id, priority: item.priority, excluded: fill.fillers })
  return fill
}
