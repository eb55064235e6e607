import { test } from 'node:test'
import assert from 'node:assert/strict'
import { gs1CheckDigit, gtinOfNdc } from '@pharmagraph/schema/identifiers'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { drugsAtFdaCsv } from '../src/import/drugs-at-fda.ts'
import { ndcPackages, ndcProducts } from '../src/import/ndc.ts'
import { runImport } from '../src/import/run.ts'
import { catalog } from '../src/subgraph.ts'
import { sample, without } from './files.ts'

// the FDA's list of unfinished drugs, 21,478 products and 35,321 packages; none of this runs without it
const skip = without('ndc/unfinished_product.txt')
const subgraph = skip ? undefined : await testSubgraph(catalog)
const patient = actorWith('patient')
const whole = { complete: true, acceptWithdrawals: false }

const search = async (s: string, more: object = {}) =>
  (await subgraph!.data(
    patient,
    'query ($s: String, $n: DirectoryFilter, $f: Int, $a: String) { directory(search: $s, filter: $n, first: $f, after: $a) { totalCount readAs nodes { id name genericName labeler dosageForm strength packages { ndc } } facets { field values { value count } } pageInfo { hasNextPage endCursor } } }',
    { s, ...more },
  )).directory
const facet = (found: { facets: { field: string; values: { value: string; count: number }[] }[] }, field: string): Map<string, number> =>
  new Map(found.facets.find((one) => one.field === field)!.values.map(({ value, count }) => [value, count]))

test('the whole list is imported, and its packages again without a change', { skip }, async () => {
  const { orm } = subgraph!.running
  const listed = await runImport(orm, ndcProducts(whole), sample('ndc/unfinished_product.txt'))
  const packed = await runImport(orm, ndcPackages(whole), sample('ndc/unfinished_package.txt'))
  assert.deepEqual([listed.recordsRead, listed.inserted, listed.refused], [21_478, 21_478, 0])
  assert.deepEqual([packed.recordsRead, packed.inserted, packed.refused], [35_321, 35_319, 2])
  const remarks = await subgraph!.sql<{ line: number; code: string }>('select line, code from import_remark where run_id = $1 order by id', [packed.id])
  assert.deepEqual(remarks, [{ line: 9_584, code: 'BAD_NDC' }, { line: 16_515, code: 'BAD_NDC' }])
  const again = await runImport(orm, ndcPackages(whole), sample('ndc/unfinished_package.txt'))
  assert.deepEqual([again.inserted, again.updated, again.unchanged, again.withdrawn], [0, 0, 35_319, 0])
  const [poly] = await subgraph!.sql<{ substances: { name: string }[] }>(`select substances from directory_product where product_ndc = '71028-0031'`)
  assert.deepEqual(poly?.substances.map(({ name }) => name), ['POLY(METHYL METHACRYLATE; 450000 MW)'])
  assert.deepEqual(await subgraph!.sql('select type from outbox'), [], 'a directory tells the other subgraphs nothing')
})

test('a product is found as its name is typed, letter by letter, and in spite of a typing error', { skip }, async () => {
  for (const text of ['g', 'ga', 'gab', 'gaba', 'gabapen', 'gabapentin']) {
    assert.ok((await search(text)).nodes.every(({ name, genericName }: Record<string, string>) => `${name} ${genericName}`.toLowerCase().includes(text)), text)
  }
  for (const [typed, meant] of [['gabapentni', 'gabapentin'], ['gabapentine', 'gabapentin'], ['asprin', 'aspirin'], ['lisinoprl', 'lisinopril'], ['acetaminofen', 'acetaminophen']] as const) {
    const found = await search(typed)
    assert.ok(found.nodes[0].name.toLowerCase().includes(meant), `${typed} found ${found.nodes[0]?.name}`)
    assert.equal(found.readAs, meant)
  }
})

test('whole names come before names that only begin so, and strength and form narrow', { skip }, async () => {
  assert.equal((await search('testosterone')).nodes[0].name.toLowerCase(), 'testosterone')
  const found = await search('metformin hydrochloride 500 mg tablet')
  for (const { name, strength, dosageForm } of found.nodes.slice(0, 3)) assert.match(`${name} ${strength} ${dosageForm}`, /metformin.*500 mg.*TABLET/i)
})

test('a package leads to its product by its NDC in every form, by its beginning and by its bar code', { skip }, async () => {
  const gtin = gtinOfNdc('0002-0485-04')
  const upc = `30002048504${gs1CheckDigit('30002048504')}`
  for (const form of ['0002-0485-04', '00002-0485-04', '00002048504', '000002-0485-04', '000002048504', '0002048504', '0002-0485', '00002-0485', '00020485', '000020485', '0002-048', gtin, `(01)${gtin}(17)280200(10)A1`, upc]) {
    assert.deepEqual((await search(form)).nodes.map(({ name }: { name: string }) => name), ['Insulin human'], form)
  }
  assert.deepEqual((await search('9999-9999-99')).nodes, [])
  const { directoryPackages } = await subgraph!.data(patient, '{ directoryPackages(ndc: "0002048504") { ndc ndc11 gtin product { name } drug { id } } }')
  assert.deepEqual(directoryPackages, [{ ndc: '0002-0485-04', ndc11: '00002-0485-04', gtin, product: { name: 'Insulin human' }, drug: null }])
})

test('facets count what is found, a filter leaves its own facet whole, and the count is that of what is shown', { skip }, async () => {
  const all = await search('gabapentin')
  const forms = facet(all, 'DOSAGE_FORM')
  assert.equal([...forms.values()].reduce((sum, count) => sum + count, 0), all.totalCount)
  const capsules = await search('gabapentin', { n: { dosageForm: ['CAPSULE'] } })
  assert.equal(capsules.totalCount, forms.get('CAPSULE'))
  assert.deepEqual(facet(capsules, 'DOSAGE_FORM'), forms)
  assert.equal([...facet(capsules, 'STRENGTH').values()].reduce((sum, count) => sum + count, 0), capsules.totalCount)
  assert.ok(capsules.nodes.every(({ dosageForm }: { dosageForm: string }) => dosageForm === 'CAPSULE'))
  const both = await search('gabapentin', { n: { dosageForm: ['CAPSULE', 'POWDER'], deaSchedule: ['CV'] } })
  assert.equal(both.totalCount, 0)
  assert.equal(facet(both, 'DEA_SCHEDULE').get('NONE'), (forms.get('CAPSULE') ?? 0) + (forms.get('POWDER') ?? 0))
})

test('pages join without gap or repeat, ranked or listed', { skip }, async () => {
  for (const text of ['titanium dioxide', 'ti']) {
    const seen: string[] = []
    let a: string | undefined
    let more = true
    while (more) {
      const { nodes, pageInfo } = await search(text, { f: 60, a })
      seen.push(...nodes.map(({ id }: { id: string }) => id))
      ;({ endCursor: a, hasNextPage: more } = pageInfo)
    }
    assert.equal(seen.length, (await search(text)).totalCount, text)
    assert.equal(new Set(seen).size, seen.length, text)
  }
})

test('approved products come in, and a listed product gets its equivalence code by application and strength', { skip }, async () => {
  const { orm } = subgraph!.running
  const approved = await runImport(orm, drugsAtFdaCsv(whole), sample('ndc/catalog_seed_drugsatfda_active.csv'))
  assert.deepEqual([approved.inserted, approved.refused], [22_176, 0])
  const remarks = await subgraph!.sql<{ code: string; n: number }>('select code, count(*)::int as n from import_remark where run_id = $1 group by code', [approved.id])
  assert.deepEqual(remarks, [{ code: 'BAD_TE_CODE', n: 18 }])
  await runImport(orm, ndcProducts({ ...whole, complete: false }), sample('ndc/viagra_product.txt'))
  const { directory } = await subgraph!.data(patient, '{ directory(search: "viagra") { nodes { name strength therapeuticEquivalence } } }')
  const codes = new Map(directory.nodes.map((node: Record<string, string>) => [node['strength'], node['therapeuticEquivalence']]))
  assert.deepEqual(codes, new Map([['25 mg', 'AB'], ['50 mg', 'AB'], ['100 mg', 'AB']]))
})

test('a package of the list of unfinished drugs is not taken into the formulary', { skip }, async () => {
  const answer = await subgraph!.graph(actorWith('inventory'), 'mutation { adoptPackage(input: { ndc: "0002-0485-04", amountMinor: 100, description: "Insulin.", storageClass: REFRIGERATED }) { id } }')
  assert.equal(answer.errors?.[0]?.extensions['code'], 'NOT_SELLABLE')
  assert.match(answer.errors?.[0]?.message ?? '', /bulk ingredient/)
})
