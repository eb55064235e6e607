import { test } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { readRecallReport } from '../src/reads/recall-report.ts'

/** Published reports, kept outside the project: REAL_DATA_DIR, or shared/data beside the repository. */
const published = resolve(process.env['REAL_DATA_DIR'] ?? resolve(import.meta.dirname, '../../../../shared/data'), 'recalls')
const read = (file: string) => readRecallReport(readFileSync(resolve(published, file), 'utf8'))
const skip = existsSync(published) ? false : 'the FDA enforcement reports (shared data recalls/) are not here'

const xml = (fields: Record<string, string>): string => `<recall-number id="D-0001-2026">${Object.entries(fields).map(([name, value]) => `<${name}>${value}</${name}>`).join('')}</recall-number>`
const lotsIn = (codeInfo: string) => readRecallReport(xml({ 'code-info': codeInfo })).lots.map(({ lotNumber, expires }) => [lotNumber, expires])

test('a lot and its expiry are read from one line, several lots from a list, and each expiry stays with its lots', () => {
  assert.deepEqual(lotsIn('Lot #: RB81031, Exp 01/13'), [['RB81031', '2013-01']])
  assert.deepEqual(lotsIn('Lots: A101, A102 and A103 Exp 02/2027'), [['A101', '2027-02'], ['A102', '2027-02'], ['A103', '2027-02']])
  assert.deepEqual(lotsIn('Lot A101 exp 1/27, Lot B202 exp. 12/31/2028'), [['A101', '2027-01'], ['B202', '2028-12-31']])
  assert.deepEqual(lotsIn('Lot # 20118000.'), [['20118000', null]])
})

test('under a heading each line is a row of a table, and a strength is not taken for a lot number', () => {
  assert.deepEqual(lotsIn('Lot number and expiration dates\n\nThing 50mg vial AE41 02/ 2012\nThing 50mg 02/2012'), [['AE41', '2012-02']])
})

test('what no rule understands is handed back, never guessed and never dropped', () => {
  const report = readRecallReport(xml({ 'product-type': 'Drugs', classification: 'Class I', 'product-description': 'Tablets, NDC 0591-0369-01 &amp; UPC 6-98997-80615-8', 'code-info': 'Lot #: K1234 Exp 01/29; all units made on the night shift' }))
  assert.deepEqual(report, {
    reference: 'D-0001-2026', recallClass: 'I', firm: null, reason: null, ndcs: ['0591-0369-01'], lots: [{ lotNumber: 'K1234', expires: '2029-01' }],
    unread: ['all units made on the night shift'],
  })
  assert.deepEqual(readRecallReport('Dear pharmacist, please look at your shelves.').unread, ['Dear pharmacist, please look at your shelves', 'no NDC was found', 'no lot number was found', 'no class was found'])
  assert.equal(lotsIn('Lot A123 exp 13/2027')[0]![1], null, 'a month that does not exist is no expiry')
})

test("openFDA's JSON and a letter in prose are read alike, and broken JSON or XML is refused by name", () => {
  const row = { recall_number: 'D-2', classification: 'Class II', product_type: 'Drugs', code_info: 'Lot: X99, Exp. 03/2028', product_description: 'NDC 50580-449-05', recalling_firm: 'Acme' }
  for (const text of [JSON.stringify(row), JSON.stringify({ results: [row] })]) {
    assert.deepEqual(readRecallReport(text), { reference: 'D-2', recallClass: 'II', firm: 'Acme', reason: null, ndcs: ['50580-449-05'], lots: [{ lotNumber: 'X99', expires: '2028-03' }], unread: [] })
  }
  assert.deepEqual(readRecallReport('Class II recall of NDC 50580-449-05\nLot X99').lots, [{ lotNumber: 'X99', expires: null }])
  for (const text of ['{', '<html>']) assert.throws(() => readRecallReport(text), { code: 'INVALID_INPUT', details: { field: 'text' } })
})

test('an enforcement report with a table of lots is read whole (FDA D-1407-2012)', { skip }, () => {
  const { reference, recallClass, ndcs, lots, unread } = read('ndc-4-4-2.xml')
  assert.deepEqual({ reference, recallClass, ndcs, unread }, { reference: 'D-1407-2012', recallClass: 'II', ndcs: ['0024-0590-10'], unread: [] })
  assert.deepEqual(lots.map(({ lotNumber, expires }) => `${lotNumber} ${expires}`), ['AE41 2012-02', 'CA02B 2012-02', 'AE27 2012-02', 'BL18B 2012-06', 'CB13B 2012-06', 'CD65B 2014-01', 'CE39B 2014-01'])
})

test('an enforcement report with one lot is read whole (FDA D-1405-2012)', { skip }, () => {
  const { ndcs, lots, recallClass, unread } = read('ndc-5-3-2.xml')
  assert.deepEqual({ ndcs, lots, recallClass, unread }, { ndcs: ['10631-106-08'], lots: [{ lotNumber: 'RB81031', expires: '2013-01' }], recallClass: 'III', unread: [] })
})

test('a recall of food or of a device is said to be none of ours', { skip }, () => {
  const food = read('upc-with-dashes.xml')
  assert.deepEqual([food.ndcs, food.lots], [[], []])
  assert.ok(food.unread.includes('a recall of Food, not of a drug'))
  const device = read('one-recall.json')
  assert.deepEqual([device.ndcs, device.lots], [[], [{ lotNumber: '20118000', expires: null }]])
  assert.ok(device.unread.includes('no NDC was found'))
})
