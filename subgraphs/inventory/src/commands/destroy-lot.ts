import { apply, begin, clock, invalid, isId, newId, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import { Destruction } from '../entities/destruction.ts'
import { DrugFact } from '../entities/drug-fact.ts'
import type { AdvanceDestructionInput, ProposeDestructionInput } from '../generated/resolvers.ts'
import { destructionLifecycle } from '../lifecycles/destruction.ts'
import { lotLifecycle } from '../lifecycles/lot.ts'
import { book, lockLots } from './book.ts'

/** One person is about to destroy a lot that is off sale; while nobody has witnessed it, it is the same proposal. */
export async function proposeDestruction(em: EntityManager, actor: Actor, { lotId, method }: ProposeDestructionInput): Promise<Destruction> {
  access.must(actor, 'lot:change-status', undefined)
  const lot = isId(lotId) ? (await lockLots(em, [lotId])).get(lotId) : undefined
  if (!lot) throw notFound('lot')
  if (!('destroy' in lotLifecycle.table[lot.status])) throw invalid('lotId', `a lot that is ${lot.status} is not destroyed: quarantine it first`)
  const open = await em.findOne(Destruction, { lotId, status: 'PROPOSED' })
  if (open) return open
  const destruction = em.create(Destruction, {
    id: newId(), lotId, status: 'PROPOSED', method, proposedBy: actor.subject, proposedAt: clock.now(), quantity: null, witnessedBy: null, witnessedAt: null, reference: null,
  })
  begin(em, actor, destructionLifecycle, destruction)
  return destruction
}

/** witness by somebody else, who saw it destroyed {reference: Form 41 for a controlled substance}: the lot leaves the books; or withdraw. */
export async function advanceDestruction(em: EntityManager, actor: Actor, { destructionId, verb, reference }: AdvanceDestructionInput): Promise<Destruction> {
  access.must(actor, 'destruction:advance', undefined)
  const seen = isId(destructionId) ? await em.findOne(Destruction, { id: destructionId }) : null
  if (!seen) throw notFound('destruction')
  const lot = (await lockLots(em, [seen.lotId])).get(seen.lotId)!
  const destruction = (await em.refresh(seen, { lockMode: LockMode.PESSIMISTIC_WRITE }))!
  apply(em, actor, destructionLifecycle, destruction, verb, reference ? { reason: reference } : {})
  if (verb !== 'witness') return destruction
  const { deaSchedule } = await em.findOneOrFail(DrugFact, { id: lot.drugId })
  if (deaSchedule !== 'NONE' && !reference?.trim()) throw invalid('reference', 'a controlled substance is destroyed on DEA Form 41: give its reference')
  Object.assign(destruction, { quantity: lot.quantityOnHand, witnessedBy: actor.subject, witnessedAt: clock.now(), reference: reference ?? null })
  apply(em, actor, lotLifecycle, lot, 'destroy', { reason: `${destruction.method}, witnessed` })
  book(em, actor, lot, { type: 'DESTROY', delta: -lot.quantityOnHand, reason: destruction.method, reference: destruction.id })
  return destruction
}
