import { clock } from '@pharmagraph/platform'
import { defineEntity, p } from '@mikro-orm/postgresql'
import { fold, searchVector } from '../text.ts'

export const deaSchedules = ['NONE', 'CI', 'CII', 'CIII', 'CIV', 'CV'] as const
export const storageClasses = ['FROZEN', 'REFRIGERATED', 'COOL', 'CRT'] as const

export type Ingredient = { rxcui: string | null; name: string; strength: string }

/** A package of the formulary: what the pharmacy sells. */
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
    /** The listed digits without hyphens, as a bar code carries them. */
    ndc10: p.string().unique(),
    gtin: p.string().unique(),
    name: p.text(),
    genericName: p.text(),
    manufacturer: p.text(),
    description: p.text(),
    ingredients: p.json<Ingredient[]>(),
    /** Names of the ingredients, lower case. */
    ingredientNames: p.array(),
    strength: p.text(),
    dosageForm: p.text(),
    route: p.text(),
    deaSchedule: p.enum(deaSchedules),
    rxOnly: p.boolean(),
    packageSize: p.decimal('number').precision(12).scale(3),
    dispensingUnit: p.string(),
    packageDescription: p.text(),
    pharmacologicClass: p.text().nullable(),
    therapeuticEquivalence: p.string().nullable(),
    storageClass: p.enum(storageClasses),
    sideEffects: p.json<string[]>(),
    /** Same ingredients, strength and form: the products that may stand for each other. */
    equivalenceKey: p.string().index(),
    /** The price in force: a copy of the latest begun row of drug_price. */
    priceMinor: p.integer().check('price_minor > 0'),
    currency: p.string().length(3),
    priceSince: p.datetime().onCreate(() => clock.now()),
    priceNote: p.string().nullable(),
    /** The name as search compares it, its first 200 characters. */
    nameKey: p.text().onCreate((drug: { name: string }) => fold(drug.name).slice(0, 200)),
    search: p
      .type('any')
      .columnType('tsvector')
      .$type<string>()
      .lazy()
      .onCreate((drug: Searched) => searchVector({ ...drug, ingredients: drug.ingredientNames, routes: [drug.route], classes: drug.pharmacologicClass ? [drug.pharmacologicClass] : [] })),
  },
  indexes: [
    // without a list of pending entries, which every search would have to read through
    { name: 'drug_search', expression: 'create index drug_search on drug using gin (search) with (fastupdate = off)' },
    { name: 'drug_name_key', expression: 'create index drug_name_key on drug (name_key collate "C", id)' },
    { name: 'drug_ndc_beginning', expression: 'create index drug_ndc_beginning on drug (ndc collate "C")' },
  ],
})
type Searched = {
  name: string; genericName: string; ingredientNames: string[]; manufacturer: string; dosageForm: string; route: string; strength: string
  pharmacologicClass: string | null; description: string
}
export class Drug extends DrugSchema.class {}
DrugSchema.setClass(Drug)
