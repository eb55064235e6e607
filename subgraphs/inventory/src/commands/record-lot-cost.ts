import { invalid, isId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { LotCost } from '../entities/lot-cost.ts'
import { Lot } from '../entities/lot.ts'

type Input = { lotId: string; costMinor: number; units: number }

/** Notes what the wholesaler's invoice says a lot cost; noted again, the new word counts for everything ever taken from it. */
export async function recordLotCost(em: EntityManager, actor: Actor, { lotId, costMinor, units }: Input): Promise<Lot> {
  access.must(actor, 'lot:receive', undefined)
  const lot = isId(lotId) ? await em.findOne(Lot, { id: lotId }) : null
  if (!lot) throw invalid('lotId', 'this lot is not known here')
  if (costMinor < 0) throw invalid('costMinor', 'a cost is not less than nothing')
  if (units <= 0) throw invalid('units', 'say for how many units, more than none')
  const known = await em.findOne(LotCost, { lotId })
  if (known) Object.assign(known, { costMinor, units, recordedBy: actor.subject })
  else em.create(LotCost, { lotId, costMinor, units, recordedBy: actor.subject })
  return lot
}
