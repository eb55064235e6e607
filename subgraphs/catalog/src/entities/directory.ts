import { defineEntity, p } from '@mikro-orm/postgresql'
import { deaSchedules } from './drug.ts'

/** The two lists the FDA publishes; each file is the whole of its list. */
export const directoryLists = ['FINISHED', 'UNFINISHED'] as const
export type Substance = { name: string; strength: string }

/** A product as the FDA's NDC Directory lists it. Written by imports alone, in SQL: see commands/list-products.ts. */
export const DirectoryProductSchema = defineEntity({
  name: 'DirectoryProduct',
  tableName: 'directory_product',
  properties: {
    /** PRODUCTID: product NDC and the id of the label document. */
    id: p.string().primary(),
    list: p.enum(directoryLists),
    /** Labeler and product segments as listed: 4-4, 5-3 or 5-4. */
    productNdc: p.string(),
    /** The same in ten digits, 6-4: the beginning of the NDC-12 of its packages. */
    productNdc10: p.string().length(10).index(),
    productType: p.text(),
    name: p.text(),
    /** The name as search compares it, its first 200 characters. */
    nameKey: p.text(),
    genericName: p.text().nullable(),
    labeler: p.text(),
    dosageForm: p.text(),
    routes: p.array(),
    strength: p.text(),
    /** The strength as it is compared: `strengthKey`. */
    strengthKey: p.text(),
    substances: p.json<Substance[]>(),
    /** Names of the active moieties, lower case. */
    ingredientNames: p.array(),
    classes: p.array(),
    deaSchedule: p.enum(deaSchedules),
    marketingCategory: p.text(),
    applicationNumber: p.string().nullable(),
    marketingStart: p.date().nullable(),
    marketingEnd: p.date().nullable(),
    certifiedThrough: p.date().nullable(),
    /** The FDA's own mark that the listing has defects; such a product is not to be sold. */
    excluded: p.boolean(),
    therapeuticEquivalence: p.string().nullable(),
    /** Digest of the record, to tell whether it changed. */
    fingerprint: p.string(),
    withdrawnAt: p.datetime().nullable(),
    search: p.type('any').columnType('tsvector').$type<string>().lazy(),
  },
  indexes: [
    { name: 'directory_product_search', expression: 'create index directory_product_search on directory_product using gin (search)' },
    { name: 'directory_product_name_key', expression: 'create index directory_product_name_key on directory_product (name_key collate "C", id)' },
    { name: 'directory_product_application', properties: ['applicationNumber'] },
  ],
})
export class DirectoryProduct extends DirectoryProductSchema.class {}
DirectoryProductSchema.setClass(DirectoryProduct)

export const DirectoryPackageSchema = defineEntity({
  name: 'DirectoryPackage',
  tableName: 'directory_package',
  properties: {
    productId: p.string().primary(),
    /** As listed. */
    ndc: p.string().primary(),
    ndc12: p.string().length(12).index(),
    /** The ten digits without hyphens, which a bar code carries; null for a twelve-digit NDC. */
    ndc10: p.string().length(10).nullable().index(),
    gtin: p.string().length(14).nullable(),
    description: p.text(),
    size: p.decimal('number').precision(18).scale(6).nullable(),
    unit: p.text().nullable(),
    sample: p.boolean(),
    excluded: p.boolean(),
    marketingStart: p.date().nullable(),
    marketingEnd: p.date().nullable(),
    fingerprint: p.string(),
    withdrawnAt: p.datetime().nullable(),
  },
  indexes: [{ name: 'directory_package_ndc', expression: 'create index directory_package_ndc on directory_package (ndc collate "C")' }],
})
export class DirectoryPackage extends DirectoryPackageSchema.class {}
DirectoryPackageSchema.setClass(DirectoryPackage)
