import type { EntityManager } from '@pharmagraph/platform'
import { DirectoryPackage, DirectoryProduct } from '../entities/directory.ts'
import type { DirectoryFilter } from '../generated/resolvers.ts'
import { ndcReadings, type NdcReadings } from '../ndc-readings.ts'
import { any, textArray, type Sql } from '../sql.ts'
import { searchIn, type Found, type Searchable, type SearchRequest } from './search.ts'

const packageIs = ({ ndc12, ndc10, prefix }: NdcReadings): Sql => any([
  { text: 'p.ndc12 = any(?::text[])', params: [textArray(ndc12)] },
  { text: 'p.ndc10 = any(?::text[])', params: [textArray(ndc10)] },
  ...(prefix ? [{ text: `p.ndc collate "C" >= ? and p.ndc collate "C" < ? || ':'`, params: [prefix, prefix] }] : []),
])

/** The FDA's directory: everything listed. Finished drugs come before bulk ingredients of the same name. */
const directory: Searchable<DirectoryProduct> = {
  entity: DirectoryProduct,
  table: 'directory_product',
  facets: {
    DOSAGE_FORM: { column: 'dosage_form', list: false },
    ROUTE: { column: 'routes', list: true },
    STRENGTH: { column: 'strength', list: false },
    INGREDIENT: { column: 'ingredient_names', list: true },
    PHARMACOLOGIC_CLASS: { column: 'classes', list: true },
    MANUFACTURER: { column: 'labeler', list: false },
    DEA_SCHEDULE: { column: 'dea_schedule', list: false },
    PRODUCT_TYPE: { column: 'product_type', list: false },
  },
  boost: `(t.list = 'FINISHED')::int * 0.5`,
  ndc(readings) {
    const { text, params } = packageIs(readings)
    return any([
      { text: 't.product_ndc10 = any(?::text[])', params: [textArray(readings.product10)] },
      { text: `t.id = any(array(select p.product_id from directory_package p where ${text}))`, params },
    ])
  },
}

/** Products of the directory by name, ingredient, class, labeler, or NDC in any form, best first. */
export async function searchDirectory(
  em: EntityManager, { filter, ...request }: Omit<SearchRequest, 'narrow'> & { filter?: DirectoryFilter | null | undefined },
): Promise<Found<DirectoryProduct>> {
  return searchIn(em, directory, {
    ...request,
    narrow: {
      DOSAGE_FORM: filter?.dosageForm, ROUTE: filter?.route, STRENGTH: filter?.strength, INGREDIENT: filter?.ingredient?.map((name) => name.toLowerCase()),
      PHARMACOLOGIC_CLASS: filter?.pharmacologicClass, MANUFACTURER: filter?.manufacturer, DEA_SCHEDULE: filter?.deaSchedule, PRODUCT_TYPE: filter?.productType,
    },
    ...(filter?.unlisted ? {} : { always: { text: 't.withdrawn_at is null', params: [] } }),
  })
}

/** Packages with that NDC or GTIN: in most cases one, listed ones first. */
export async function packagesByNdc(em: EntityManager, ndc: string): Promise<DirectoryPackage[]> {
  const readings = ndcReadings(ndc)
  if (!readings) return []
  const where = { $or: [{ ndc12: { $in: readings.ndc12 } }, { ndc10: { $in: readings.ndc10 } }] }
  return em.find(DirectoryPackage, where, { orderBy: { withdrawnAt: 'asc nulls first', ndc: 'asc', productId: 'asc' }, limit: 50 })
}
