import { clock, invalid, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { Drug } from '../entities/drug.ts'
import { publishDrug } from './publish-drug.ts'

/** Sets the package price from now on. Quotes already given keep theirs: orders freeze them. */
export async function changeDrugPrice(em: EntityManager, actor: Actor, input: { drugId: string; amountMinor: number; currency: string }): Promise<Drug> {
  access.must(actor, 'drug:price', undefined)
  if (input.amountMinor <= 0) throw invalid('amountMinor', 'a price is more than zero')
  if (input.currency !== 'USD') throw invalid('currency', 'prices are in USD')
  const drug = await em.findOne(Drug, { id: input.drugId })
  if (!drug) throw notFound('drug')
  drug.priceMinor = input.amountMinor
  drug.priceSince = clock.now()
  drug.priceNote = null
  await em.flush()
  publishDrug(em, actor, drug)
  return drug
}
