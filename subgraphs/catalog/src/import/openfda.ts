/**
 * openFDA's drug/ndc endpoint: an answer of the API or a bulk download, JSON with the records in "results". The same
 * products as the NDC Directory, with packages inside, finished and unfinished mixed.
 */
import { listPackages, type ListedPackage } from '../commands/list-packages.ts'
import { learnFromDirectory } from '../commands/learn-from-directory.ts'
import { listProducts, type ListedProduct } from '../commands/list-products.ts'
import { withdrawUnlisted } from '../commands/withdraw-unlisted.ts'
import { refusal, repeatedRecord } from '../remarks.ts'
import { strengthOf } from '../substances.ts'
import { storable } from '../text.ts'
import { readPackage, readProduct } from './listing.ts'
import type { Completeness } from './ndc.ts'
import { openFdaResults } from './records.ts'
import type { Importer, Reading } from './run.ts'

type Listing = { product: ListedProduct; packages: ListedPackage[] }
type Json = Record<string, unknown>

export function openFdaProducts(completeness: Completeness): Importer<Listing> {
  return {
    source: 'openfda',
    format: openFdaResults,
    hasHeader: false,
    reader: () => readListing,
    keyOf: ({ product }) => product.id,
    async store(em, rows, run) {
      const products = await listProducts(em, run.id, rows.map(({ product }) => product))
      const packages = await listPackages(em, run.id, rows.flatMap((row) => row.packages))
      return {
        inserted: products.inserted + packages.inserted, updated: products.updated + packages.updated, unchanged: products.unchanged + packages.unchanged,
        remarks: [...products.repeated, ...packages.repeated].map(repeatedRecord),
      }
    },
    async finish(em, run) {
      const outcomes = []
      for (const list of ['FINISHED', 'UNFINISHED'] as const) {
        outcomes.push(await withdrawUnlisted(em, run.id, 'directory_package', list, completeness), await withdrawUnlisted(em, run.id, 'directory_product', list, completeness))
      }
      await learnFromDirectory(em)
      return { withdrawn: outcomes.reduce((sum, { withdrawn }) => sum + withdrawn, 0), remarks: outcomes.flatMap(({ remarks }) => remarks) }
    },
  }
}

function readListing(text: string): Reading<Listing> {
  let json: Json
  try {
    json = JSON.parse(text) as Json
  } catch {
    return { remarks: [refusal('BAD_JSON', 'is no JSON object')] }
  }
  const string = (value: unknown): string => (typeof value === 'string' ? storable(value).trim() : '')
  const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map(string).filter(Boolean) : [])
  const objects = (value: unknown): Json[] => (Array.isArray(value) ? (value.filter((item) => typeof item === 'object' && item !== null) as Json[]) : [])
  const productNdc = string(json['product_ndc'])
  // answers of the API before 2019 have no product_id
  const id = string(json['product_id']) || (productNdc && json['spl_id'] ? `${productNdc}_${string(json['spl_id'])}` : '')
  const finished = json['finished'] !== false
  const reading = readProduct({
    id, list: finished ? 'FINISHED' : 'UNFINISHED', productNdc, productType: string(json['product_type']), name: string(json['brand_name']) || string(json['generic_name']),
    genericName: string(json['generic_name']), labeler: string(json['labeler_name']), dosageForm: string(json['dosage_form']), routes: strings(json['route']),
    substances: objects(json['active_ingredients']).map(({ name, strength }) => ({ name: string(name), strength: strengthText(string(strength)) })).filter(({ name }) => name),
    classes: strings(json['pharm_class']), deaSchedule: string(json['dea_schedule']), marketingCategory: string(json['marketing_category']),
    applicationNumber: string(json['application_number']), marketingStart: string(json['marketing_start_date']), marketingEnd: string(json['marketing_end_date']),
    certifiedThrough: string(json['listing_expiration_date']), excluded: false,
  })
  if (!reading.row) return { remarks: reading.remarks }
  const packages = objects(json['packaging']).map((pack) => readPackage({
    productId: id, productNdc, ndc: string(pack['package_ndc']), description: string(pack['description']), sample: pack['sample'] === true, excluded: false,
    marketingStart: string(pack['marketing_start_date']), marketingEnd: string(pack['marketing_end_date']),
  }))
  return {
    row: { product: reading.row, packages: packages.flatMap(({ row }) => row ?? []) },
    remarks: [...reading.remarks, ...packages.flatMap(({ remarks }) => remarks)],
  }
}

/** "25 mg/1" in one piece. */
const strengthText = (text: string): string => {
  const [amount = '', ...unit] = text.split(' ')
  return strengthOf(amount, unit.join(' '))
}
