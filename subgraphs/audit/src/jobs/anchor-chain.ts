import { clock, type Job } from '@pharmagraph/platform'
import { anchorChain } from '../commands/anchor-chain.ts'
import { Anchor } from '../entities/anchor.ts'

const hour = 60 * 60_000

/** Anchors once an hour; looks more often, so that a restart does not put it off. */
export const anchorChainJob: Job = {
  name: 'anchor-chain',
  everyMs: hour / 6,
  async run(em, actor) {
    const [last] = await em.find(Anchor, {}, { orderBy: { sequence: 'desc' }, limit: 1 })
    if (!last || clock.now().getTime() - last.at.getTime() >= hour) await anchorChain(em, actor)
  },
}
