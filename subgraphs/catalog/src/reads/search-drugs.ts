import type { EntityManager } from '@pharmagraph/platform'
import { Drug } from '../entities/drug.ts'
import type { DrugFilter } from '../generated/resolvers.ts'
import { any, textArray } from '../sql.ts'
import { searchIn, type Found, type Searchable, type SearchRequest } from './search.ts'

/** The formulary: what the pharmacy sells. */
const formulary: Searchable<Drug> = {
  entity: Drug,
  table: 'drug',
  facets: {
    DOSAGE_FORM: { column: 'dosage_form', list: false },
    ROUTE: { column: 'route', list: false },
    STRENGTH: { column: 'strength', list: false },
    INGREDIENT: { column: 'ingredient_names', list: true },
    PHARMACOLOGIC_CLASS: { column: 'pharmacologic_class', list: false },
    MANUFACTURER: { column: 'manufacturer', list: false },
    DEA_SCHEDULE: { column: 'dea_schedule', list: false },
    STORAGE_CLASS: { column: 'storage_class', list: false },
    RX_ONLY: { column: 'rx_only', list: false },
  },
  boost: '0',
  ndc: ({ ndc12, ndc10, product10, prefix }) => any([
    { text: 't.ndc12 = any(?::text[])', params: [textArray(ndc12)] },
    { text: 't.ndc10 = any(?::text[])', params: [textArray(ndc10)] },
    ...product10.map((product) => ({ text: 't.ndc12 between ? and ?', params: [`${product}00`, `${product}99`] })),
    ...(prefix ? [{ text: `t.ndc collate "C" >= ? and t.ndc collate "C" < ? || ':'`, params: [prefix, prefix] }] : []),
  ]),
}

/** Drugs by name, ingredient, class, description, or NDC in any form, best first. */
export async function searchDrugs(
  em: EntityManager, { filter, ...request }: Omit<SearchRequest, 'narrow'> & { filter?: DrugFilter | null | undefined },
): Promise<Found<Drug>> {
  return searchIn(em, formulary, {
    ...request,
    narrow: {
      DOSAGE_FORM: filter?.dosageForm, ROUTE: filter?.route, STRENGTH: filter?.strength, INGREDIENT: filter?.ingredient?.map((name) => name.toLowerCase()),
      PHARMACOLOGIC_CLASS: filter?.pharmacologicClass, MANUFACTURER: filter?.manufacturer, DEA_SCHEDULE: filter?.deaSchedule, STORAGE_CLASS: filter?.storageClass, RX_ONLY: filter?.rxOnly == null ? null : [String(filter.rxOnly)],
    },
  })
}
