/**
 * The FDA's NDC Directory: product.txt and package.txt, and the lists of unfinished drugs, which lack some columns.
 * Tab-separated with a header, quotes are ordinary characters, encoding not declared. Each file is the whole of its list.
 */
import { listPackages, packageKey, type ListedPackage } from '../commands/list-packages.ts'
import { listProducts, type ListedProduct } from '../commands/list-products.ts'
import { withdrawUnlisted } from '../commands/withdraw-unlisted.ts'
import { learnFromDirectory } from '../commands/learn-from-directory.ts'
import { splitList, strengthOf } from '../substances.ts'
import { columnsOf, readPackage, readProduct } from './listing.ts'
import { lines, tabFields } from './records.ts'
import { refusal, repeatedRecord, reservation } from '../remarks.ts'
import type { Importer, Reading } from './run.ts'

export type Completeness = {
  /** The file is the whole list: what it lacks is withdrawn. */
  complete: boolean
  /** Also where that is more than a fifth of the list, which otherwise is taken for a broken download. */
  acceptWithdrawals: boolean
}

const productColumns = [
  'PRODUCTID', 'PRODUCTNDC', 'PRODUCTTYPENAME', 'NONPROPRIETARYNAME', 'DOSAGEFORMNAME', 'LABELERNAME', 'SUBSTANCENAME', 'ACTIVE_NUMERATOR_STRENGTH', 'ACTIVE_INGRED_UNIT', 'DEASCHEDULE',
]

export function ndcProducts(completeness: Completeness): Importer<ListedProduct> {
  let list: ListedProduct['list'] = 'FINISHED'
  return {
    source: 'ndc-products',
    format: lines,
    hasHeader: true,
    reader(header) {
      const names = tabFields(header)
      const valuesOf = columnsOf(names, productColumns, 'product file of the NDC Directory')
      list = names.includes('PROPRIETARYNAME') ? 'FINISHED' : 'UNFINISHED'
      return (text) => {
        const fields = tabFields(text)
        const short = wrongCount(fields, names.length)
        return short ?? productOf(list, valuesOf(fields))
      }
    },
    keyOf: ({ id }) => id,
    async store(em, rows, run) {
      const { repeated, ...counts } = await listProducts(em, run.id, rows)
      return { ...counts, remarks: repeated.map(repeatedRecord) }
    },
    async finish(em, run) {
      const outcome = await withdrawUnlisted(em, run.id, 'directory_product', list, completeness)
      await learnFromDirectory(em)
      return outcome
    },
  }
}

const packageColumns = ['PRODUCTID', 'PRODUCTNDC', 'NDCPACKAGECODE', 'PACKAGEDESCRIPTION']

export function ndcPackages(completeness: Completeness): Importer<ListedPackage> {
  let list: ListedProduct['list'] = 'FINISHED'
  return {
    source: 'ndc-packages',
    format: lines,
    hasHeader: true,
    reader(header) {
      const names = tabFields(header)
      const valuesOf = columnsOf(names, packageColumns, 'package file of the NDC Directory')
      list = names.includes('STARTMARKETINGDATE') ? 'FINISHED' : 'UNFINISHED'
      return (text) => {
        const fields = tabFields(text)
        const value = valuesOf(fields)
        return wrongCount(fields, names.length) ?? readPackage({
          productId: value('PRODUCTID'), productNdc: value('PRODUCTNDC'), ndc: value('NDCPACKAGECODE'), description: value('PACKAGEDESCRIPTION'),
          sample: value('SAMPLE_PACKAGE') === 'Y', excluded: isExcluded(value('NDC_EXCLUDE_FLAG')),
          marketingStart: value('STARTMARKETINGDATE'), marketingEnd: value('ENDMARKETINGDATE'),
        })
      }
    },
    keyOf: packageKey,
    async store(em, rows, run) {
      const { repeated, orphans, ...counts } = await listPackages(em, run.id, rows)
      const unknown = orphans.map((key) => refusal('UNKNOWN_PRODUCT', 'its product is not in the directory; import the product file first', key))
      return { ...counts, remarks: [...repeated.map(repeatedRecord), ...unknown] }
    },
    finish: (em, run) => withdrawUnlisted(em, run.id, 'directory_package', list, completeness),
  }
}

/** A record of another width is not guessed at; empty fields at its end do no harm. */
function wrongCount(fields: readonly string[], expected: number): Reading<never> | undefined {
  const rest = fields.slice(expected)
  if (fields.length >= expected && rest.every((field) => field === '')) return undefined
  return { remarks: [refusal('COLUMN_COUNT', `has ${fields.length} fields where the header has ${expected}`, fields[0])] }
}

/** N means fit for billing; any other letter is a reason it was excluded. */
const isExcluded = (flag: string): boolean => flag !== '' && flag !== 'N'

function productOf(list: ListedProduct['list'], value: (column: string) => string): Reading<ListedProduct> {
  const names = splitList(value('SUBSTANCENAME'))
  const amounts = splitList(value('ACTIVE_NUMERATOR_STRENGTH'))
  const units = splitList(value('ACTIVE_INGRED_UNIT'))
  const even = names.length === amounts.length && names.length === units.length
  const name = [value('PROPRIETARYNAME') || value('NONPROPRIETARYNAME'), value('PROPRIETARYNAMESUFFIX')].filter(Boolean).join(' ')
  const reading = readProduct({
    id: value('PRODUCTID'), list, productNdc: value('PRODUCTNDC'), productType: value('PRODUCTTYPENAME'), name, genericName: value('NONPROPRIETARYNAME'),
    labeler: value('LABELERNAME'), dosageForm: value('DOSAGEFORMNAME'), routes: splitList(value('ROUTENAME')),
    substances: names.map((substance, i) => ({ name: substance, strength: even ? strengthOf(amounts[i]!, units[i]!) : '' })),
    classes: classesOf(value('PHARM_CLASSES')), deaSchedule: value('DEASCHEDULE'), marketingCategory: value('MARKETINGCATEGORYNAME'),
    applicationNumber: value('APPLICATIONNUMBER'), marketingStart: value('STARTMARKETINGDATE'), marketingEnd: value('ENDMARKETINGDATE'),
    certifiedThrough: value('LISTING_RECORD_CERTIFIED_THROUGH'), excluded: isExcluded(value('NDC_EXCLUDE_FLAG')),
  })
  if (reading.row && !even) {
    reading.remarks.push(reservation('UNEVEN_STRENGTHS', `${names.length} substances, ${amounts.length} strengths, ${units.length} units: taken without strengths`, reading.row.id))
  }
  return reading
}

/** "Opioid Agonist [EPC],Full Opioid Agonists [MoA]"; class names hold commas themselves, so the bracket ends one. */
export const classesOf = (text: string): string[] => [...text.matchAll(/\s*,?\s*([^[\]]+\[[^\]]+\])/g)].map(([, name]) => name!.trim())
