import { test } from 'node:test'
import assert from 'node:assert/strict'
import { clock, systemActor, transact } from '@pharmagraph/platform'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { ndcPackages, ndcProducts } from '../src/import/ndc.ts'
import { runImport } from '../src/import/run.ts'
import { beginDuePricesJob } from '../src/jobs/begin-due-prices.ts'
import { catalog } from '../src/subgraph.ts'
import { fileOf, packageFile, packageLine, productFile, productLine, type Fields } from './files.ts'

const subgraph = await testSubgraph(catalog)
const { orm } = subgraph.running
const inventory = actorWith('inventory')
const patient = actorWith('patient')
const whole = { complete: true, acceptWithdrawals: true }

/** Lists one product with one package; returns the package's NDC. */
async function listed(ndc: string, productFields: Fields = {}, packageFields: Fields = {}): Promise<string> {
  const product = ndc.split('-').slice(0, 2).join('-')
  await runImport(orm, ndcProducts({ ...whole, complete: false }), fileOf('product.txt', productFile(productLine(product, productFields))))
  await runImport(orm, ndcPackages({ ...whole, complete: false }), fileOf('package.txt', packageFile(packageLine(ndc, packageFields))))
  return ndc
}

const mutation = `mutation ($input: AdoptPackageInput!) { adoptPackage(input: $input) {
  id ndc ndc11 gtin name genericName manufacturer strength dosageForm route deaSchedule rxOnly packageSize dispensingUnit pharmacologicClass storageClass sideEffects
  activeIngredients { name strength } price { perPackage { amountMinor currency } perUnit { amountMinor } } listings { ndc listed drug { id } } } }`
const adopt = (ndc: string, more: object = {}, actor = inventory) =>
  subgraph.graph(actor, mutation, { input: { ndc, amountMinor: 1_500, description: 'Lowers blood pressure.', storageClass: 'CRT', ...more } })
const refusal = async (ndc: string, more: object = {}) => {
  const { errors } = await adopt(ndc, more)
  return `${errors?.[0]?.extensions['code']}: ${errors?.[0]?.message}`
}

test('a package of the directory is taken into the formulary with what the directory knows, told to the others, and found', async () => {
  const ndc = await listed('11111-0369-1', { PROPRIETARYNAME: 'Zestoril', NONPROPRIETARYNAME: 'lisinopril', SUBSTANCENAME: 'LISINOPRIL DIHYDRATE', PHARM_CLASSES: 'Angiotensin Converting Enzyme Inhibitor [EPC],Angiotensin-converting Enzyme Inhibitors [MoA]' })
  const { data, errors } = await adopt('11111036901', { sideEffects: ['Cough'] })
  assert.equal(errors, undefined)
  const { id, ...drug } = data.adoptPackage
  assert.deepEqual(drug, {
    ndc, ndc11: '11111-0369-01', gtin: '00311111036919', name: 'Zestoril', genericName: 'lisinopril', manufacturer: 'Example Laboratories', strength: '10 mg', dosageForm: 'TABLET', route: 'ORAL', deaSchedule: 'NONE',
    rxOnly: true, packageSize: 30, dispensingUnit: 'TABLET', pharmacologicClass: 'Angiotensin Converting Enzyme Inhibitor [EPC]', storageClass: 'CRT', sideEffects: ['Cough'],
    activeIngredients: [{ name: 'lisinopril', strength: '10 mg' }], price: { perPackage: { amountMinor: 1_500, currency: 'USD' }, perUnit: { amountMinor: 50 } }, listings: [{ ndc, listed: true, drug: { id } }],
  })
  const [event] = await subgraph.emitted('catalog.drug-published.v1')
  assert.deepEqual([event?.drugId, event?.version, event?.priceMinor, event?.ingredients], [id, 1, 1_500, [{ rxcui: null, name: 'lisinopril', strength: '10 mg' }]])
  for (const text of ['zesto', 'lisinoprl', 'blood pressure', ndc]) {
    assert.deepEqual((await subgraph.data(patient, 'query ($s: String) { drugs(search: $s) { nodes { id } } }', { s: text })).drugs.nodes, [{ id }], text)
  }
  assert.equal(await refusal(ndc), `CONFLICT: ${ndc} is in the formulary already`)
})

test('only those who answer for the formulary take packages in', async () => {
  const ndc = await listed('11111-0001-1')
  for (const role of ['patient', 'technician', 'pharmacist', 'driver', 'support'] as const) {
    assert.equal((await adopt(ndc, {}, actorWith(role))).errors?.[0]?.extensions['code'], 'FORBIDDEN', role)
  }
})

test('what may not be sold, or is not known well enough, is refused with the reason', async () => {
  const cases: [ndc: string, product: Fields, pack: Fields, expected: RegExp][] = [
    ['11111-0002-1', { PRODUCTTYPENAME: 'BULK INGREDIENT' }, {}, /NOT_SELLABLE: .* lists it as bulk ingredient/],
    ['11111-0003-1', { DEASCHEDULE: 'CI' }, {}, /schedule I is never dispensed/],
    ['11111-0004-1', { NDC_EXCLUDE_FLAG: 'E' }, {}, /excluded its listing/],
    ['11111-0005-1', {}, { SAMPLE_PACKAGE: 'Y' }, /sample package/],
    ['11111-0006-1', {}, { ENDMARKETINGDATE: '20250101' }, /marketing ended on 2025-01-01/],
    ['11111-0007-1', {}, { STARTMARKETINGDATE: '20990101' }, /marketing begins on 2099-01-01/],
    ['11111-0008-1', {}, { PACKAGEDESCRIPTION: '1 KIT in 1 CARTON *  10 mL in 1 VIAL' }, /INVALID_INPUT: how many units are in/],
    ['11111-0009-1', { SUBSTANCENAME: '', ACTIVE_NUMERATOR_STRENGTH: '', ACTIVE_INGRED_UNIT: '' }, {}, /no active ingredient/],
  ]
  for (const [ndc, product, pack, expected] of cases) assert.match(await refusal(await listed(ndc, product, pack)), expected)
  assert.match(await refusal('99999-9999-9'), /NOT_FOUND/)
  assert.match(await refusal('banana'), /INVALID_INPUT/)
  assert.match(await refusal('11111-0001-1', { amountMinor: 0 }), /INVALID_INPUT: a price is more than zero/)
  assert.equal((await adopt('11111-0008-1', { packageSize: 1, dispensingUnit: 'KIT' })).errors, undefined, 'what the directory does not say, the input does')
})

test('products rated equivalent may stand in for each other; a B rating, another code or another route may not', async () => {
  const codes: [ndc: string, code: string | null, route: string][] = [['11111-0011-1', 'AB', 'ORAL'], ['11111-0012-1', 'AB', 'ORAL'], ['11111-0013-1', 'BX', 'ORAL'], ['11111-0014-1', 'AB1', 'ORAL'], ['11111-0015-1', null, 'ORAL'], ['11111-0016-1', 'AB', 'SUBLINGUAL']]
  const ids: string[] = []
  for (const [ndc, code, route] of codes) {
    await listed(ndc, { SUBSTANCENAME: 'RATEDOL', ROUTENAME: route })
    await subgraph.sql(`update directory_product set therapeutic_equivalence = $1 where product_ndc = $2`, [code, ndc.slice(0, -2)])
    ids.push((await adopt(ndc)).data.adoptPackage.id)
  }
  const { drug } = await subgraph.data(patient, 'query ($id: ID!) { drug(id: $id) { equivalents { id } substitutes { id } } }', { id: ids[0] })
  assert.equal(drug.equivalents.length, 5)
  assert.deepEqual(drug.substitutes, [{ id: ids[1] }])
})

test('a price set for later begins at its moment, is told then, and the history keeps them all', async () => {
  const id = (await adopt(await listed('11111-0020-1'))).data.adoptPackage.id
  const change = async (amountMinor: number, effectiveFrom?: Date) =>
    subgraph.graph(inventory, 'mutation ($input: ChangeDrugPriceInput!) { changeDrugPrice(input: $input) { price { perPackage { amountMinor } } } }', { input: { drugId: id, amountMinor, ...(effectiveFrom && { effectiveFrom }) } })
  const state = async () => (await subgraph.data(inventory, 'query ($id: ID!) { drug(id: $id) { price { perPackage { amountMinor } since } priceHistory { perPackage { amountMinor } } plannedPrices { perPackage { amountMinor } } } }', { id })).drug
  const amounts = (prices: { perPackage: { amountMinor: number } }[]): number[] => prices.map(({ perPackage }) => perPackage.amountMinor)
  const told = async () => (await subgraph.emitted('catalog.drug-published.v1')).filter(({ drugId }) => drugId === id).map(({ priceMinor }) => priceMinor)

  assert.equal((await change(1_600)).errors, undefined)
  const nextYear = new Date(clock.now().getTime() + 365 * 86_400_000)
  assert.equal((await change(1_800, nextYear)).data.changeDrugPrice.price.perPackage.amountMinor, 1_600)
  assert.equal((await change(1_700, new Date(nextYear.getTime() - 86_400_000))).errors, undefined)
  assert.match((await change(1_900, nextYear)).errors?.[0]?.message ?? '', /another price begins at that moment/)
  assert.match((await change(1_900, new Date('2020-01-01'))).errors?.[0]?.message ?? '', /begins now or later/)
  const before = await state()
  assert.deepEqual([amounts(before.priceHistory), amounts(before.plannedPrices)], [[1_600, 1_500], [1_700, 1_800]])
  assert.deepEqual(await told(), [1_500, 1_600])

  const job = () => transact(orm, (em) => beginDuePricesJob.run(em, systemActor('catalog')))
  await job()
  assert.deepEqual(await told(), [1_500, 1_600])
  clock.set(new Date(nextYear.getTime() + 1_000))
  try {
    await job()
    await job()
    const after = await state()
    assert.deepEqual([after.price.perPackage.amountMinor, new Date(after.price.since).getTime()], [1_800, nextYear.getTime()])
    assert.deepEqual([amounts(after.priceHistory), amounts(after.plannedPrices)], [[1_800, 1_700, 1_600, 1_500], []])
    assert.deepEqual(await told(), [1_500, 1_600, 1_800])
  } finally {
    clock.reset()
  }
  const planned = await subgraph.graph(patient, 'query ($id: ID!) { drug(id: $id) { plannedPrices { since } } }', { id })
  assert.equal(planned.errors?.[0]?.extensions['code'], 'FORBIDDEN')
})

test('a package that leaves the directory stays in the formulary, and the import says so', async () => {
  const ndc = await listed('11111-0030-1')
  const id = (await adopt(ndc)).data.adoptPackage.id
  const run = await runImport(orm, ndcPackages(whole), fileOf('package.txt', packageFile(packageLine('11111-0001-1'))))
  const remarks = await subgraph.sql<{ code: string; message: string }>('select code, message from import_remark where run_id = $1', [run.id])
  assert.equal(remarks[0]?.code, 'SOLD_BUT_WITHDRAWN')
  assert.match(remarks[0]?.message ?? '', new RegExp(ndc))
  const { drug } = await subgraph.data(patient, 'query ($id: ID!) { drug(id: $id) { listings { listed } } }', { id })
  assert.deepEqual(drug.listings, [{ listed: false }])
})
