import { clock, invalid, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { DrugPrice } from '../entities/drug-price.ts'
import { Drug } from '../entities/drug.ts'
import { publishDrug } from './publish-drug.ts'
import { applyPrice, recordPrice } from './set-price.ts'

type ChangeDrugPrice = { drugId: string; amountMinor: number; currency: string; effectiveFrom?: Date | null | undefined }

/** Sets the package price, from now on or from a later moment. Quotes already given keep theirs: orders freeze them. */
export async function changeDrugPrice(em: EntityManager, actor: Actor, { drugId, amountMinor, currency, effectiveFrom }: ChangeDrugPrice): Promise<Drug> {
  access.must(actor, 'drug:price', undefined)
  checkPrice({ amountMinor, currency })
  const now = clock.now()
  if (effectiveFrom && effectiveFrom < now) throw invalid('effectiveFrom', 'a price begins now or later: what was quoted in the past stands')
  const drug = await em.findOne(Drug, { id: drugId })
  if (!drug) throw notFound('drug')
  const price = { amountMinor, currency, effectiveFrom: effectiveFrom ?? now, note: null }
  if (await em.count(DrugPrice, { drugId, effectiveFrom: price.effectiveFrom })) throw invalid('effectiveFrom', 'another price begins at that moment')
  recordPrice(em, actor, drugId, price)
  if (effectiveFrom) return drug
  applyPrice(drug, price)
  await em.flush()
  publishDrug(em, actor, drug)
  return drug
}

export function checkPrice({ amountMinor, currency }: { amountMinor: number; currency: string }): void {
  if (amountMinor <= 0) throw invalid('amountMinor', 'a price is more than zero')
  if (currency !== 'USD') throw invalid('currency', 'prices are in USD')
}
