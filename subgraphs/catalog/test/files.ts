/** Files as the FDA lays them out, written for a test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { existsSync } from 'node:fs'
import { after } from 'node:test'

const folder = mkdtempSync(join(tmpdir(), 'catalog-test-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** Writes a file that goes with the tests; returns its path. */
export function fileOf(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** Data of others, kept outside the project: REAL_DATA_DIR, or shared/data beside the repository. */
const samples = process.env['REAL_DATA_DIR'] ?? resolve(import.meta.dirname, '../../../../shared/data')
export const sample = (name: string): string => join(samples, name)
/** `skip` of a test that reads a sample: false where it is there, else the reason. */
export const without = (name: string): string | false => (existsSync(sample(name)) ? false : `no sample ${name}: set REAL_DATA_DIR`)

const productColumns = [
  'PRODUCTID', 'PRODUCTNDC', 'PRODUCTTYPENAME', 'PROPRIETARYNAME', 'PROPRIETARYNAMESUFFIX', 'NONPROPRIETARYNAME', 'DOSAGEFORMNAME', 'ROUTENAME', 'STARTMARKETINGDATE', 'ENDMARKETINGDATE',
  'MARKETINGCATEGORYNAME', 'APPLICATIONNUMBER', 'LABELERNAME', 'SUBSTANCENAME', 'ACTIVE_NUMERATOR_STRENGTH', 'ACTIVE_INGRED_UNIT', 'PHARM_CLASSES', 'DEASCHEDULE', 'NDC_EXCLUDE_FLAG', 'LISTING_RECORD_CERTIFIED_THROUGH',
]
const packageColumns = ['PRODUCTID', 'PRODUCTNDC', 'NDCPACKAGECODE', 'PACKAGEDESCRIPTION', 'STARTMARKETINGDATE', 'ENDMARKETINGDATE', 'NDC_EXCLUDE_FLAG', 'SAMPLE_PACKAGE']

export type Fields = Record<string, string>

/** A line of product.txt: a prescription tablet, but for the fields given. */
export function productLine(ndc: string, fields: Fields = {}): string {
  const usual: Fields = {
    PRODUCTID: `${ndc}_11111111-aaaa-4aaa-8aaa-000000000001`, PRODUCTNDC: ndc, PRODUCTTYPENAME: 'HUMAN PRESCRIPTION DRUG', PROPRIETARYNAME: 'Examplol', NONPROPRIETARYNAME: 'examplol', DOSAGEFORMNAME: 'TABLET',
    ROUTENAME: 'ORAL', STARTMARKETINGDATE: '20200101', MARKETINGCATEGORYNAME: 'ANDA', APPLICATIONNUMBER: 'ANDA076187', LABELERNAME: 'Example Laboratories', SUBSTANCENAME: 'EXAMPLOL HYDROCHLORIDE',
    ACTIVE_NUMERATOR_STRENGTH: '10', ACTIVE_INGRED_UNIT: 'mg/1', NDC_EXCLUDE_FLAG: 'N', LISTING_RECORD_CERTIFIED_THROUGH: '20271231',
  }
  return productColumns.map((column) => fields[column] ?? usual[column] ?? '').join('\t')
}

/** A line of package.txt: thirty tablets in a bottle, but for the fields given. */
export function packageLine(ndc: string, fields: Fields = {}): string {
  const product = ndc.split('-').slice(0, 2).join('-')
  const usual: Fields = {
    PRODUCTID: `${product}_11111111-aaaa-4aaa-8aaa-000000000001`, PRODUCTNDC: product, NDCPACKAGECODE: ndc, PACKAGEDESCRIPTION: `30 TABLET in 1 BOTTLE (${ndc}) `, STARTMARKETINGDATE: '20200101',
    NDC_EXCLUDE_FLAG: 'N', SAMPLE_PACKAGE: 'N',
  }
  return packageColumns.map((column) => fields[column] ?? usual[column] ?? '').join('\t')
}

const joined = (lines: readonly string[]): string => `${lines.join('\r\n')}\r\n`
export const productFile = (...lines: string[]): string => joined([productColumns.join('\t'), ...lines])
export const packageFile = (...lines: string[]): string => joined([packageColumns.join('\t'), ...lines])
