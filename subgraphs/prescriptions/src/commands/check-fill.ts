import { LockMode } from '@mikro-orm/postgresql'
import { apply, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { Fill } from '../entities/fill.ts'
import { isControlled, Prescription } from '../entities/prescription.ts'
import { fillLifecycle, notWhoFilled } from '../lifecycles/fill.ts'
import { mustHaveSecondFactor, separationOfDuties } from '../refusals.ts'
import { completeWorkItem, heldWorkItem, type Held } from './held-work-item.ts'

/** A pharmacist other than the filler finds product and prescription to agree. */
export async function checkFill(em: EntityManager, actor: Actor, input: Held): Promise<Fill> {
  access.must(actor, 'dispensing:check', undefined)
  const item = await heldWorkItem(em, actor, input, 'PRODUCT_CHECK')
  const fill = await em.findOneOrFail(Fill, { id: item.fillId! }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  mayPass(actor, fill, await em.findOneOrFail(Prescription, { id: fill.prescriptionId }))
  apply(em, actor, fillLifecycle, fill, 'check')
  fill.checkedBy = actor.subject
  completeWorkItem(em, actor, item)
  return fill
}

/** Not one's own work, and a controlled substance only with a fresh second factor. */
export function mayPass(actor: Actor, fill: Fill, { deaSchedule }: Prescription): void {
  const samePerson = notWhoFilled(fill, actor)
  if (samePerson) throw separationOfDuties(samePerson.message)
  if (isControlled(deaSchedule)) mustHaveSecondFactor(actor, deaSchedule)
}
