/** What the FDA's tab-separated files and openFDA's JSON have in common: one form of a product and of a package. */
import { invalid } from '@pharmagraph/platform'
import { gtinOfNdc, parseNdc } from '@pharmagraph/schema/identifiers'
import type { ListedPackage } from '../commands/list-packages.ts'
import type { ListedProduct } from '../commands/list-products.ts'
import { deaSchedules } from '../entities/drug.ts'
import type { Substance } from '../entities/directory.ts'
import { contentOf, moietyOf, strengthKey } from '../substances.ts'
import { fold } from '../text.ts'
import { refusal, reservation, type Remark } from '../remarks.ts'
import type { Reading } from './run.ts'

export type RawProduct = {
  id: string; list: ListedProduct['list']; productNdc: string; productType: string; name: string; genericName: string; labeler: string; dosageForm: string
  routes: string[]; substances: Substance[]; classes: string[]; deaSchedule: string; marketingCategory: string; applicationNumber: string
  marketingStart: string; marketingEnd: string; certifiedThrough: string; excluded: boolean
}
export type RawPackage = { productId: string; productNdc: string; ndc: string; description: string; sample: boolean; excluded: boolean; marketingStart: string; marketingEnd: string }

const productShapes = ['4-4', '5-3', '5-4', '6-4']

/** The product with everything derived, or why it is refused. A schedule nobody knows is never taken for none. */
export function readProduct(raw: RawProduct): Reading<ListedProduct> {
  const key = raw.id || raw.productNdc
  if (!raw.id) return { remarks: [refusal('NO_PRODUCT_ID', 'has no product id', key)] }
  const [labelerCode = '', product = ''] = raw.productNdc.split('-')
  if (!/^\d+-\d+$/.test(raw.productNdc) || !productShapes.includes(`${labelerCode.length}-${product.length}`)) {
    return { remarks: [refusal('BAD_PRODUCT_NDC', `"${raw.productNdc}" is no product NDC: ${productShapes.join(', ')} digits`, key)] }
  }
  if (!raw.name) return { remarks: [refusal('NO_NAME', 'has no name', key)] }
  const deaSchedule = deaSchedules.find((schedule) => schedule === (raw.deaSchedule || 'NONE'))
  if (!deaSchedule) return { remarks: [refusal('BAD_SCHEDULE', `"${raw.deaSchedule}" is no DEA schedule: CI to CV or nothing`, key)] }
  const remarks: Remark[] = []
  const date = (text: string, what: string): string | null => dateOf(text, what, key, remarks)
  const { marketingStart, marketingEnd, certifiedThrough, applicationNumber, genericName, ...same } = raw
  const row: ListedProduct = {
    ...same,
    deaSchedule,
    productNdc10: labelerCode.padStart(6, '0') + product.padStart(4, '0'),
    nameKey: fold(raw.name).slice(0, 200),
    genericName: genericName || null,
    applicationNumber: applicationNumber || null,
    strength: raw.substances.map(({ strength }) => strength).filter(Boolean).join(' / '),
    strengthKey: strengthKey(raw.substances.map(({ strength }) => strength)),
    ingredientNames: [...new Set(raw.substances.map(({ name }) => moietyOf(name)))],
    marketingStart: date(marketingStart, 'marketing start'),
    marketingEnd: date(marketingEnd, 'marketing end'),
    certifiedThrough: date(certifiedThrough, 'certified through'),
  }
  return { row, remarks }
}

/** The package with its NDC in every form, or why it is refused. */
export function readPackage(raw: RawPackage): Reading<ListedPackage> {
  const key = raw.ndc ? `${raw.productId}/${raw.ndc}` : raw.productId
  const ndc = parseNdc(raw.ndc)
  const digits = raw.ndc.replaceAll('-', '')
  if (!ndc || !raw.ndc.includes('-') || digits.length === 11) {
    return { remarks: [refusal('BAD_NDC', `"${raw.ndc}" is no listed package NDC: 4-4-2, 5-3-2, 5-4-1 or 6-4-2 digits`, key)] }
  }
  if (!raw.ndc.startsWith(`${raw.productNdc}-`)) return { remarks: [refusal('NDC_MISMATCH', `${raw.ndc} does not belong to product ${raw.productNdc}`, key)] }
  const remarks: Remark[] = []
  const content = contentOf(raw.description)
  const ten = digits.length === 10
  const row: ListedPackage = {
    productId: raw.productId, ndc: raw.ndc, ndc12: ndc.ndc12, ndc10: ten ? digits : null, gtin: ten ? gtinOfNdc(raw.ndc) : null,
    description: raw.description.replace(/\s+/g, ' '), size: content?.size ?? null, unit: content?.unit ?? null, sample: raw.sample, excluded: raw.excluded,
    marketingStart: dateOf(raw.marketingStart, 'marketing start', key, remarks), marketingEnd: dateOf(raw.marketingEnd, 'marketing end', key, remarks),
  }
  return { row, remarks }
}

/** YYYYMMDD or YYYY-MM-DD as YYYY-MM-DD; what is no day becomes nothing, with a remark. */
function dateOf(text: string, what: string, key: string, remarks: Remark[]): string | null {
  if (!text) return null
  const day = text.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3')
  const time = Date.parse(`${day}T00:00:00Z`)
  if (/^(1[89]|2\d)\d{2}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(time) && new Date(time).toISOString().startsWith(day)) return day
  remarks.push(reservation('BAD_DATE', `${what} "${text}" is no day and was left out`, key))
  return null
}

/** Values of a delimited record by column name. */
export function columnsOf(header: readonly string[], needed: readonly string[], what: string): (fields: readonly string[]) => (column: string) => string {
  const places = new Map(header.map((name, place) => [name.replace(/^\uFEFF/, '').toUpperCase(), place]))
  const missing = needed.filter((name) => !places.has(name))
  if (missing.length) throw invalid('file', `is no ${what}: its header lacks ${missing.join(', ')}`)
  return (fields) => (column) => fields[places.get(column) ?? -1] ?? ''
}
