import { clock, type Actor, type EntityManager } from '@pharmagraph/platform'
import { DrugPrice } from '../entities/drug-price.ts'
import { Drug } from '../entities/drug.ts'
import { publishDrug } from './publish-drug.ts'
import { applyPrice } from './set-price.ts'

/** Puts prices in force whose moment has come; of several of one drug the latest. */
export async function beginDuePrices(em: EntityManager, actor: Actor): Promise<void> {
  const due = await em.execute<{ id: string; drug_id: string }[]>(
    `select distinct on (p.drug_id) p.id, p.drug_id from drug_price p join drug d on d.id = p.drug_id
     where p.effective_from <= ? and p.effective_from > d.price_since order by p.drug_id, p.effective_from desc limit 500`, [clock.now()])
  const prices = await em.find(DrugPrice, { id: { $in: due.map(({ id }) => id) } })
  const drugs = await em.find(Drug, { id: { $in: due.map(({ drug_id }) => drug_id) } })
  for (const drug of drugs) applyPrice(drug, prices.find(({ drugId }) => drugId === drug.id)!)
  await em.flush()
  for (const drug of drugs) publishDrug(em, actor, drug)
}
