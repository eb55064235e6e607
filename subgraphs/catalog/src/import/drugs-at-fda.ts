/**
 * Drugs@FDA: approved products and their therapeutic equivalence codes. Reads Products.txt of the FDA's archive with
 * Applications.txt, MarketingStatus.txt and TE.txt beside it, or these joined into one CSV.
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { invalid } from '@pharmagraph/platform'
import { approvalKey, listApprovals, type Approval } from '../commands/list-approvals.ts'
import { rateEquivalence } from '../commands/rate-equivalence.ts'
import { withdrawUnlisted } from '../commands/withdraw-unlisted.ts'
import { refusal, repeatedRecord, reservation } from '../remarks.ts'
import { splitList, strengthKey } from '../substances.ts'
import { columnsOf } from './listing.ts'
import type { Completeness } from './ndc.ts'
import { csv, csvFields, lines, records, tabFields } from './records.ts'
import type { Importer, Reading } from './run.ts'

const common = (completeness: Completeness): Pick<Importer<Approval>, 'source' | 'hasHeader' | 'keyOf' | 'store' | 'finish'> => ({
  source: 'drugs-at-fda',
  hasHeader: true,
  keyOf: approvalKey,
  async store(em, rows, run) {
    const { repeated, ...counts } = await listApprovals(em, run.id, rows)
    return { ...counts, remarks: repeated.map(repeatedRecord) }
  },
  async finish(em, run) {
    const outcome = await withdrawUnlisted(em, run.id, 'approved_product', 'ALL', completeness)
    await rateEquivalence(em)
    return outcome
  },
})

const joinedColumns = ['APPL_NO', 'PRODUCT_NO', 'SPONSOR', 'DRUG_NAME', 'ACTIVE_INGREDIENT', 'DOSAGE_FORM', 'ROUTE', 'STRENGTH', 'MARKETING_STATUS', 'TE_CODE']

/** One CSV with a line for each product. */
export const drugsAtFdaCsv = (completeness: Completeness): Importer<Approval> => ({
  ...common(completeness),
  format: csv,
  reader(header) {
    const names = csvFields(header)
    const valuesOf = columnsOf(names, joinedColumns, 'joined Drugs@FDA table')
    return (text) => {
      const fields = csvFields(text)
      if (fields.length !== names.length) return { remarks: [refusal('COLUMN_COUNT', `has ${fields.length} fields where the header has ${names.length}`, fields[0])] }
      const value = valuesOf(fields)
      return approvalOf({
        applicationNumber: value('APPL_NO'), productNumber: value('PRODUCT_NO'), applicationType: value('APPL_TYPE'), sponsor: value('SPONSOR'), name: value('DRUG_NAME'),
        activeIngredient: value('ACTIVE_INGREDIENT'), dosageForm: value('DOSAGE_FORM'), route: value('ROUTE'), strength: value('STRENGTH'),
        marketingStatus: value('MARKETING_STATUS'), teCode: value('TE_CODE'), referenceDrug: value('REFERENCE_DRUG') === '1',
      })
    }
  },
})

const statuses: Record<string, string> = { '1': 'RX', '2': 'OTC', '3': 'DISCONTINUED', '4': 'TENTATIVE' }

/** Products.txt; the tables beside it are short (some 50,000 lines of a few numbers) and are held as maps. */
export async function drugsAtFdaArchive(completeness: Completeness, productsFile: string): Promise<Importer<Approval>> {
  const beside = (name: string): string => join(dirname(productsFile), name)
  const applications = await table(beside('Applications.txt'), ['APPLNO'], ['APPLTYPE', 'SPONSORNAME'])
  const marketing = await table(beside('MarketingStatus.txt'), ['APPLNO', 'PRODUCTNO'], ['MARKETINGSTATUSID'])
  const ratings = await table(beside('TE.txt'), ['APPLNO', 'PRODUCTNO'], ['TECODE'])
  return {
    ...common(completeness),
    format: lines,
    reader(header) {
      const names = tabFields(header)
      const valuesOf = columnsOf(names, ['APPLNO', 'PRODUCTNO', 'FORM', 'STRENGTH', 'DRUGNAME', 'ACTIVEINGREDIENT'], 'Products.txt of Drugs@FDA')
      return (text) => {
        const value = valuesOf(tabFields(text))
        const key = `${value('APPLNO')}/${value('PRODUCTNO')}`
        const [dosageForm = '', route = ''] = value('FORM').split(/;(?=[^;]*$)/)
        const [applicationType = '', sponsor = ''] = applications.get(value('APPLNO')) ?? []
        return approvalOf({
          applicationNumber: value('APPLNO'), productNumber: value('PRODUCTNO'), applicationType, sponsor, name: value('DRUGNAME'),
          activeIngredient: value('ACTIVEINGREDIENT'), dosageForm, route, strength: value('STRENGTH'), marketingStatus: statuses[marketing.get(key)?.[0] ?? ''] ?? '',
          teCode: ratings.get(key)?.[0] ?? '', referenceDrug: value('REFERENCEDRUG') === '1',
        })
      }
    },
  }
}

async function table(file: string, key: string[], columns: string[]): Promise<Map<string, string[]>> {
  if (!existsSync(file)) throw invalid('file', `${file} is missing: the archive of Drugs@FDA belongs together`)
  const rows = new Map<string, string[]>()
  let valuesOf: ReturnType<typeof columnsOf> | undefined
  for await (const { text } of records(file, lines)) {
    const fields = tabFields(text)
    if (!valuesOf) {
      valuesOf = columnsOf(fields, [...key, ...columns], file)
      continue
    }
    const value = valuesOf(fields)
    rows.set(key.map(value).join('/'), columns.map(value))
  }
  return rows
}

function approvalOf(raw: Omit<Approval, 'strengthKey' | 'teCode'> & { teCode: string }): Reading<Approval> {
  const key = `${raw.applicationNumber}/${raw.productNumber}`
  if (!/^\d{6}$/.test(raw.applicationNumber)) return { remarks: [refusal('BAD_APPLICATION_NUMBER', `"${raw.applicationNumber}" is no application number: six digits`, key)] }
  if (!/^\d{1,4}$/.test(raw.productNumber)) return { remarks: [refusal('BAD_PRODUCT_NUMBER', `"${raw.productNumber}" is no product number`, key)] }
  if (!raw.activeIngredient) return { remarks: [refusal('NO_INGREDIENT', 'names no active ingredient', key)] }
  const rated = /^[AB][A-Z]\d{0,2}\*?(, ?[AB][A-Z]\d{0,2}\*?)*$/.test(raw.teCode)
  return {
    row: { ...raw, teCode: rated ? raw.teCode : null, strengthKey: strengthKey(splitList(raw.strength)) },
    remarks: rated || !raw.teCode ? [] : [reservation('BAD_TE_CODE', `"${raw.teCode}" is no therapeutic equivalence code; taken as not rated`, key)],
  }
}
