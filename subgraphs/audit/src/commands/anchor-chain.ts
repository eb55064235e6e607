import { clock, emit, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { Anchor } from '../entities/anchor.ts'

/**
 * Notes the head of the chain and announces it, so that others keep it too. The announcement is chained like any event;
 * an anchor is made only where something else was chained since the last, so anchors do not beget anchors.
 */
export async function anchorChain(em: EntityManager, actor: Actor): Promise<void> {
  access.must(actor, 'chain:anchor', undefined)
  const [head] = await em.execute<{ sequence: string; hash: string; news: boolean }[]>(
    `select sequence, hash,
            exists (select 1 from audit_entry where type <> 'audit.chain-anchored.v1' and sequence > coalesce((select max(sequence) from anchor), 0)) as news
     from audit_entry order by sequence desc limit 1`,
  )
  if (!head?.news) return
  const sequence = Number(head.sequence)
  em.create(Anchor, { sequence, hash: head.hash, at: clock.now() })
  emit(em, actor, 'audit.chain-anchored.v1', 'chain', { sequence, hash: head.hash })
}
