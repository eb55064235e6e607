import type { EntityManager } from '@pharmagraph/platform'
import { DirectoryPackage } from '../entities/directory.ts'
import { textArray } from '../sql.ts'
import { columnsOf, plainRows } from './plain-rows.ts'

/** Packages of each product, in order of NDC; one statement for all. */
export async function packagesOf(em: EntityManager, productIds: readonly string[]): Promise<DirectoryPackage[][]> {
  const rows = await em.execute<Record<string, unknown>[]>(
    `select ${columnsOf(em, DirectoryPackage, 'p')} from directory_package p where p.product_id = any(?::text[]) order by p.ndc`, [textArray(productIds)])
  const byProduct = Map.groupBy(rows.map(plainRows(em, DirectoryPackage)), ({ productId }) => productId)
  return productIds.map((id) => byProduct.get(id) ?? [])
}
