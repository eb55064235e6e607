import type { EntityManager } from '@pharmagraph/platform'
import { DirectoryProduct, type directoryLists, type Substance } from '../entities/directory.ts'
import type { deaSchedules } from '../entities/drug.ts'
import { searchVector } from '../text.ts'
import { storeListed, unseen, type Tally } from './store-listed.ts'

export type ListedProduct = {
  id: string; list: (typeof directoryLists)[number]; productNdc: string; productNdc10: string; productType: string; name: string; nameKey: string
  genericName: string | null; labeler: string; dosageForm: string; routes: string[]; strength: string; strengthKey: string; substances: Substance[]
  ingredientNames: string[]; classes: string[]; deaSchedule: (typeof deaSchedules)[number]; marketingCategory: string; applicationNumber: string | null
  marketingStart: string | null; marketingEnd: string | null; certifiedThrough: string | null; excluded: boolean
}

/** Takes products into the directory as an import run read them; what is there already and the same is left alone. */
export async function listProducts(em: EntityManager, runId: string, products: readonly ListedProduct[]): Promise<Tally> {
  const { fresh, repeated } = await unseen(em, runId, products, ({ id }) => id)
  const rows = fresh.map((product) => {
    const ingredients = [...product.ingredientNames, ...product.substances.map(({ name }) => name)]
    return { ...product, search: searchVector({ ...product, ingredients, manufacturer: product.labeler }) }
  })
  return { ...(await storeListed(em, DirectoryProduct, rows)), repeated }
}
