import type { EntityManager } from '@pharmagraph/platform'
import { DirectoryPackage } from '../entities/directory.ts'
import { textArray } from '../sql.ts'
import { storeListed, unseen, type Tally } from './store-listed.ts'

export type ListedPackage = {
  productId: string; ndc: string; ndc12: string; ndc10: string | null; gtin: string | null; description: string; size: number | null; unit: string | null
  sample: boolean; excluded: boolean; marketingStart: string | null; marketingEnd: string | null
}

export const packageKey = ({ productId, ndc }: { productId: string; ndc: string }): string => `${productId}/${ndc}`

/** Takes packages into the directory as an import run read them; those of products that are not in it come back as orphans. */
export async function listPackages(em: EntityManager, runId: string, packages: readonly ListedPackage[]): Promise<Tally & { orphans: string[] }> {
  const found = await em.execute<{ id: string }[]>('select id from directory_product where id = any(?::text[])', [textArray([...new Set(packages.map(({ productId }) => productId))])])
  const known = new Set(found.map(({ id }) => id))
  const orphans = packages.filter(({ productId }) => !known.has(productId)).map(packageKey)
  const { fresh, repeated } = await unseen(em, runId, packages.filter(({ productId }) => known.has(productId)), packageKey)
  return { ...(await storeListed(em, DirectoryPackage, fresh)), repeated, orphans }
}
