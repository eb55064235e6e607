import { LockMode } from '@mikro-orm/postgresql'
import { apply, notYet, systemActor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { Fill, type FillState } from '../entities/fill.ts'
import { fillLifecycle } from '../lifecycles/fill.ts'
import { heldLots, resumeBench } from './reserve-fills.ts'
import { withdrawWorkItems } from './withdraw-work-items.ts'

const actor = systemActor('prescriptions')
const reason = 'LOT_RECALLED'

/** A recall took lots of the fill and others stand in: they are to be scanned anew, and what was packed comes back to the bench. */
export async function replaceLots(em: EntityManager, { orderLineId, allocations }: EventMap['inventory.hold-reallocated.v1']): Promise<void> {
  const fill = await heldFill(em, orderLineId)
  if (!fill) return
  await backToShelf(em, fill, 'replaceLots')
  fill.lots = heldLots(allocations)
  await resumeBench(em, fill)
}

/** A recall took lots of the fill and none can stand in: it waits, without lots, for the order to be held again or to end. */
export async function loseLots(em: EntityManager, { orderLineId }: EventMap['inventory.hold-lost.v1']): Promise<void> {
  const fill = await heldFill(em, orderLineId)
  if (!fill) return
  await backToShelf(em, fill, 'loseLots')
  fill.lots = []
}

const tooEarly: readonly FillState[] = ['REQUESTED', 'SCREENING']

/** The fill, locked; undefined for a line over the counter, and where it is too late to change what was packed. */
async function heldFill(em: EntityManager, orderLineId: string): Promise<Fill | undefined> {
  const fill = await em.findOne(Fill, { orderLineId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (fill && tooEarly.includes(fill.status) && fill.lots.length === 0) throw notYet('the hold that changed')
  return fill && 'replaceLots' in fillLifecycle.table[fill.status] ? fill : undefined
}

async function backToShelf(em: EntityManager, fill: Fill, verb: 'replaceLots' | 'loseLots'): Promise<void> {
  await withdrawWorkItems(em, { fillId: fill.id }, reason)
  Object.assign(fill, { filledBy: null, filledByRole: null, checkedBy: null })
  apply(em, actor, fillLifecycle, fill, verb, { reason })
}
