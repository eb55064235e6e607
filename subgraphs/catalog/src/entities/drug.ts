import { clock } from '@pharmagraph/platform'
import { defineEntity, FullTextType, p, type WeightedFullTextValue } from '@mikro-orm/postgresql'

export const deaSchedules = ['NONE', 'CI', 'CII', 'CIII', 'CIV', 'CV'] as const
export const storageClasses = ['FROZEN', 'REFRIGERATED', 'COOL', 'CRT'] as const

export type Ingredient = { rxcui: string | null; name: string; strength: string }

export const DrugSchema = defineEntity({
  name: 'Drug',
  tableName: 'drug',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    /** As listed by the FDA, ten digits with hyphens. */
    ndc: p.string().unique(),
    ndc11: p.string().unique(),
    ndc12: p.string().unique(),
    gtin: p.string().unique(),
    name: p.string(),
    genericName: p.string(),
    manufacturer: p.string(),
    description: p.text(),
    ingredients: p.json<Ingredient[]>(),
    dosageForm: p.string(),
    route: p.string(),
    deaSchedule: p.enum(deaSchedules),
    rxOnly: p.boolean(),
    packageSize: p.decimal('number').precision(12).scale(3),
    dispensingUnit: p.string(),
    packageDescription: p.string(),
    pharmacologicClass: p.string().nullable(),
    therapeuticEquivalence: p.string().nullable(),
    storageClass: p.enum(storageClasses),
    sideEffects: p.json<string[]>(),
    /** Same ingredients, strength and form: the products that may stand for each other. */
    equivalenceKey: p.string().index(),
    priceMinor: p.integer().check('price_minor > 0'),
    currency: p.string().length(3),
    priceSince: p.datetime().onCreate(() => clock.now()),
    priceNote: p.string().nullable(),
    /** Lower-case names and ingredients, for typo-tolerant search. */
    searchText: p.text(),
    /** Full text: names weigh more than the description. */
    search: p
      .type(new FullTextType('english'))
      .$type<WeightedFullTextValue>()
      .lazy()
      .onCreate((drug: { name: string; searchText: string; description: string }) => ({ A: drug.name, B: drug.searchText, D: drug.description })),
  },
  indexes: [
    { name: 'drug_search', expression: 'create index drug_search on drug using gin (search)' },
    { name: 'drug_search_trigrams', expression: 'create index drug_search_trigrams on drug using gin (search_text gin_trgm_ops)' },
  ],
})
export class Drug extends DrugSchema.class {}
DrugSchema.setClass(Drug)
