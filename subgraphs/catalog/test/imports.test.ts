import { test } from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { drugsAtFdaArchive, drugsAtFdaCsv } from '../src/import/drugs-at-fda.ts'
import { ndcPackages, ndcProducts } from '../src/import/ndc.ts'
import { openFdaProducts } from '../src/import/openfda.ts'
import { lines } from '../src/import/records.ts'
import { runImport, type ImportOptions, type Importer } from '../src/import/run.ts'
import { catalog } from '../src/subgraph.ts'
import { fileOf, packageFile, packageLine, productFile, productLine, sample, without } from './files.ts'

const subgraph = await testSubgraph(catalog)
const { orm } = subgraph.running
const whole = { complete: true, acceptWithdrawals: true }
const staff = actorWith('inventory')

const importing = async <Row>(importer: Importer<Row>, name: string, content: string | Buffer, options?: ImportOptions) => {
  const { id, status, recordsRead, inserted, updated, unchanged, refused, withdrawn } = await runImport(orm, importer, fileOf(name, content), options)
  const remarks = await subgraph.sql<{ line: number; code: string; refused: boolean; message: string }>('select line, code, refused, message from import_remark where run_id = $1 order by id', [id])
  return { id, status, counts: { recordsRead, inserted, updated, unchanged, refused, withdrawn }, remarks }
}
const products = (...lines: string[]) => importing(ndcProducts(whole), 'product.txt', productFile(...lines))
const packages = (...lines: string[]) => importing(ndcPackages(whole), 'package.txt', packageFile(...lines))
const product = async (productNdc: string) =>
  (await subgraph.data(staff, 'query ($s: String) { directory(search: $s, filter: { unlisted: true }) { nodes { id productNdc name labeler strength deaSchedule listed therapeuticEquivalence pharmacologicClasses activeIngredients { name strength } packages { ndc ndc11 ndc12 gtin size unit listed sample } } } }', { s: productNdc })).directory.nodes[0]

test('S25 products and packages of every NDC shape are listed with every form of their NDC, and the same files again change nothing', async () => {
  const lines = ['0591-0369', '50580-449', '12345-6789'].map((ndc) => productLine(ndc))
  const first = await products(...lines)
  assert.deepEqual(first.counts, { recordsRead: 3, inserted: 3, updated: 0, unchanged: 0, refused: 0, withdrawn: 0 })
  const packs = ['0591-0369-01', '50580-449-05', '12345-6789-1'].map((ndc) => packageLine(ndc))
  assert.equal((await packages(...packs)).counts.inserted, 3)

  const [pack] = (await product('0591-0369')).packages
  assert.deepEqual(pack, { ndc: '0591-0369-01', ndc11: '00591-0369-01', ndc12: '000591-0369-01', gtin: '00305910369019', size: 30, unit: 'TABLET', listed: true, sample: false })
  assert.deepEqual((await product('12345-6789')).packages.map(({ ndc12 }: { ndc12: string }) => ndc12), ['012345-6789-01'])
  assert.deepEqual((await products(...lines)).counts, { recordsRead: 3, inserted: 0, updated: 0, unchanged: 3, refused: 0, withdrawn: 0 })
  assert.deepEqual((await packages(...packs)).counts, { recordsRead: 3, inserted: 0, updated: 0, unchanged: 3, refused: 0, withdrawn: 0 })
})

test('a later file updates what differs, withdraws what it lacks, and lists again what comes back', async () => {
  const [a, b] = [productLine('0591-0369'), productLine('50580-449')]
  await products(a, b)
  const later = await products(productLine('0591-0369', { LABELERNAME: 'Successor Inc' }))
  assert.deepEqual(later.counts, { recordsRead: 1, inserted: 0, updated: 1, unchanged: 0, refused: 0, withdrawn: 1 })
  assert.equal((await product('0591-0369')).labeler, 'Successor Inc')
  assert.equal((await product('50580-449')).listed, false)
  assert.deepEqual((await products(a, b)).counts, { recordsRead: 2, inserted: 0, updated: 2, unchanged: 0, refused: 0, withdrawn: 0 })
  assert.equal((await product('50580-449')).listed, true)
})

test('a file that breaks off withdraws nothing and says so; asked to, it withdraws', async () => {
  const lines = Array.from({ length: 10 }, (_, i) => productLine(`11111-${String(i).padStart(3, '0')}`))
  await products(...lines)
  const careful = await importing(ndcProducts({ complete: true, acceptWithdrawals: false }), 'product.txt', productFile(...lines.slice(0, 7)))
  assert.equal(careful.counts.withdrawn, 0)
  assert.deepEqual(careful.remarks.map(({ line, code }) => ({ line, code })), [{ line: 0, code: 'TOO_MANY_WITHDRAWN' }])
  assert.equal((await products(...lines.slice(0, 7))).counts.withdrawn, 3)
})

test('what cannot be right is refused with its line and the reason, and the rest is taken', async () => {
  const run = await products(
    productLine('22222-001'),
    productLine('22222-002').split('\t').slice(0, 5).join('\t'),
    productLine('2222-01'),
    productLine('22222-003', { DEASCHEDULE: 'DEA' }),
    productLine('22222-004', { STARTMARKETINGDATE: '20201399' }),
    productLine('22222-005', { ACTIVE_NUMERATOR_STRENGTH: '10; 20' }),
    productLine('22222-001'),
    productLine('22222-006', { PRODUCTID: '' }),
    productLine('22222-007', { PROPRIETARYNAME: '', NONPROPRIETARYNAME: '' }),
  )
  assert.deepEqual(run.remarks.map(({ line, code, refused }) => `${line} ${code} ${refused}`), [
    '3 COLUMN_COUNT true', '4 BAD_PRODUCT_NDC true', '5 BAD_SCHEDULE true', '6 BAD_DATE false', '7 UNEVEN_STRENGTHS false', '8 REPEATED true', '9 NO_PRODUCT_ID true', '10 NO_NAME true',
  ])
  assert.equal(run.counts.inserted, 3)
  assert.equal(run.counts.refused, 6)

  const packs = await packages(packageLine('22222-001-01'), packageLine('22222-001-XX'), packageLine('22222-001-02', { NDCPACKAGECODE: '02' }), packageLine('22222-004-01', { PRODUCTNDC: '22222-005' }), packageLine('99999-001-01'))
  assert.deepEqual(packs.remarks.map(({ line, code }) => `${line} ${code}`), ['3 BAD_NDC', '4 BAD_NDC', '5 NDC_MISMATCH', '6 UNKNOWN_PRODUCT'])
  assert.equal(packs.counts.inserted, 1)
})

test('Windows-1252 and broken UTF-8 are read, quotes are ordinary characters, and every such line is noted', async () => {
  const latin = Buffer.from(productFile(productLine('33333-001', { LABELERNAME: 'Weleda Gm\u00fcnd' }), productLine('33333-002', { PROPRIETARYNAME: 'Syringe 5" \u2122' })), 'utf8')
  assert.deepEqual((await importing(ndcProducts(whole), 'product.txt', latin)).remarks, [])
  assert.equal((await product('33333-002')).name, 'Syringe 5" \u2122')
  const file = Buffer.concat([Buffer.from(productFile()), Buffer.from(`${productLine('33333-001', { LABELERNAME: 'Weleda Gm\u00fcnd' })}\r\n`, 'latin1'), Buffer.from(productLine('33333-003', { LABELERNAME: 'Bro\u0000ken \u00ff' }), 'latin1')])
  const run = await importing(ndcProducts(whole), 'product.txt', file)
  assert.deepEqual(run.remarks.map(({ line, code, refused }) => `${line} ${code} ${refused}`), ['2 NOT_UTF8 false', '3 NOT_UTF8 false', '3 NUL_BYTES false'])
  assert.equal((await product('33333-001')).labeler, 'Weleda Gm\u00fcnd')
  assert.equal((await product('33333-003')).labeler, 'Broken \u00ff')
})

test('a file of another kind is refused before anything is written', async () => {
  const runs = async () => (await subgraph.sql('select id from import_run')).length
  const before = await runs()
  await assert.rejects(importing(ndcProducts(whole), 'package.txt', packageFile()), /no product file of the NDC Directory: its header lacks/)
  await assert.rejects(importing(ndcProducts(whole), 'empty.txt', ''), /is empty/)
  await assert.rejects(importing(ndcProducts(whole), 'bad.txt', Buffer.from('This is a "bad" UTF-8 file.\x80\n', 'latin1')), /no product file/)
  assert.equal(await runs(), before)
})

test('an import that was stopped goes on after its last batch with the same file, and starts anew with another', async () => {
  const lines = Array.from({ length: 50 }, (_, i) => productLine(`44444-${String(i).padStart(3, '0')}`))
  const stop = new AbortController()
  const options = { batchSize: 10, signal: stop.signal, onProgress: () => stop.abort() }
  const broken = await importing(ndcProducts(whole), 'product.txt', productFile(...lines), options)
  assert.deepEqual([broken.status, broken.counts.recordsRead], ['INTERRUPTED', 10])
  // as kill -9 leaves it
  await subgraph.sql(`update import_run set status = 'RUNNING', finished_at = null where id = $1`, [broken.id])
  const resumed = await importing(ndcProducts(whole), 'product.txt', productFile(...lines))
  assert.equal(resumed.id, broken.id)
  assert.deepEqual([resumed.status, resumed.counts.recordsRead, resumed.counts.inserted], ['DONE', 50, 50])
  assert.deepEqual(await subgraph.sql('select * from import_seen'), [])

  const again = new AbortController()
  const given = await importing(ndcProducts(whole), 'product.txt', productFile(...lines.slice(1)), { batchSize: 10, signal: again.signal, onProgress: () => again.abort() })
  const other = await importing(ndcProducts(whole), 'product.txt', productFile(...lines.slice(2)))
  assert.notEqual(other.id, given.id)
  const [row] = await subgraph.sql<{ status: string }>('select status from import_run where id = $1', [given.id])
  assert.equal(row?.status, 'ABANDONED')
})

test('one record the database does not take costs that record, not its batch', async () => {
  const importer: Importer<number> = {
    source: 'numbers', format: lines, hasHeader: false, reader: () => (text) => ({ row: Number(text), remarks: [] }), keyOf: String,
    async store(em, rows) {
      for (const row of rows) await em.execute('select 1 / ?::int', [row])
      return { inserted: rows.length, updated: 0, unchanged: 0, remarks: [] }
    },
    finish: async () => ({ withdrawn: 0, remarks: [] }),
  }
  const run = await importing(importer, 'numbers.txt', '1\n2\n0\n3\n4\n5\n0\n6\n', { batchSize: 5 })
  assert.deepEqual(run.counts, { recordsRead: 8, inserted: 6, updated: 0, unchanged: 0, refused: 2, withdrawn: 0 })
  assert.deepEqual(run.remarks.map(({ line, code }) => `${line} ${code}`), ['3 NOT_STORABLE', '7 NOT_STORABLE'])
})

test('two imports of one register at once: the second is refused', async () => {
  let second: Promise<unknown> | undefined
  const lines = Array.from({ length: 20 }, (_, i) => productLine(`55555-${String(i).padStart(3, '0')}`))
  await importing(ndcProducts(whole), 'product.txt', productFile(...lines), { batchSize: 5, onProgress: () => (second ??= assert.rejects(runImport(orm, ndcProducts(whole), fileOf('other.txt', productFile())), /is at work already/)) })
  await second
})

test('staff read what was imported and what was refused; others may not', async () => {
  await products(productLine('66666-001', { DEASCHEDULE: 'VI' }))
  const query = '{ importRuns(first: 1) { nodes { source fileName status recordsRead refused remarks(first: 5) { nodes { line refused code message record } } } } }'
  const { importRuns } = await subgraph.data(staff, query)
  assert.deepEqual(importRuns.nodes, [{
    source: 'ndc-products', fileName: 'product.txt', status: 'DONE', recordsRead: 1, refused: 1,
    remarks: { nodes: [{ line: 2, refused: true, code: 'BAD_SCHEDULE', message: '"VI" is no DEA schedule: CI to CV or nothing', record: '66666-001_11111111-aaaa-4aaa-8aaa-000000000001' }] },
  }])
  assert.equal((await subgraph.graph(actorWith('patient'), query)).errors?.[0]?.extensions['code'], 'FORBIDDEN')
})

test('openFDA records bring product and packages, in a download and in an answer, and an answer withdraws nothing', async () => {
  const record = (ndc: string, more: object = {}) => ({
    product_id: `${ndc}_22222222-bbbb-4bbb-8bbb-000000000002`, product_ndc: ndc, brand_name: 'Advil "PM" {x}', generic_name: 'Ibuprofen and Diphenhydramine', labeler_name: 'Example', finished: true, product_type: 'HUMAN OTC DRUG',
    active_ingredients: [{ name: 'DIPHENHYDRAMINE CITRATE', strength: '38 mg/1' }, { name: 'IBUPROFEN', strength: '200 mg/1' }], dosage_form: 'TABLET, COATED', route: ['ORAL'], pharm_class: ['Nonsteroidal Anti-inflammatory Drug [EPC]'],
    marketing_category: 'NDA', application_number: 'NDA021394', marketing_start_date: '20100511', listing_expiration_date: '20271231',
    packaging: [{ package_ndc: `${ndc}-2`, description: `2 POUCH in 1 CARTON (${ndc}-2)  / 2 TABLET, COATED in 1 POUCH`, marketing_start_date: '20100511', sample: false }, { package_ndc: 'x', description: '?' }], ...more,
  })
  const answer = (results: object[]) => JSON.stringify({ meta: { results: { skip: 0, limit: 2, total: 2 } }, results }, null, 2)
  const run = await importing(openFdaProducts({ complete: false, acceptWithdrawals: false }), 'ndc.json', answer([record('66715-9733'), record('66715-9734'), { product_ndc: 'nothing' }]))
  assert.deepEqual(run.counts, { recordsRead: 3, inserted: 4, updated: 0, unchanged: 0, refused: 3, withdrawn: 0 })
  assert.deepEqual(run.remarks.map(({ code }) => code), ['BAD_NDC', 'BAD_NDC', 'NO_PRODUCT_ID'])
  const found = await product('66715-9733')
  assert.equal(found.name, 'Advil "PM" {x}')
  assert.deepEqual(found.activeIngredients, [{ name: 'diphenhydramine', strength: '38 mg' }, { name: 'ibuprofen', strength: '200 mg' }])
  assert.deepEqual(found.packages.map(({ size, unit }: { size: number; unit: string }) => [size, unit]), [[4, 'TABLET']])
  assert.deepEqual((await importing(openFdaProducts({ complete: false, acceptWithdrawals: false }), 'ndc.json', answer([record('66715-9733')]))).counts, { recordsRead: 1, inserted: 0, updated: 0, unchanged: 2, refused: 1, withdrawn: 0 })
  assert.equal((await product('66715-9734')).listed, true)
})

test('Drugs@FDA gives listed products their therapeutic equivalence code, from one table or from the archive', async () => {
  await products(productLine('77777-001'), productLine('77777-002', { ACTIVE_NUMERATOR_STRENGTH: '20' }), productLine('77777-003', { APPLICATIONNUMBER: 'part352' }))
  const header = 'appl_no,product_no,appl_type,sponsor,drug_name,active_ingredient,dosage_form,route,strength,marketing_status,te_code,reference_drug'
  const table = [header, '076187,001,ANDA,"EXAMPLE, INC",EXAMPLOL,EXAMPLOL HYDROCHLORIDE,TABLET,ORAL,EQ 10MG BASE,RX,AB,0', '076187,002,ANDA,EXAMPLE,EXAMPLOL,EXAMPLOL HYDROCHLORIDE,TABLET,ORAL,"20MG",RX,TBD,0', '76,001,NDA,X,X,X,X,X,X,RX,,0'].join('\n')
  const run = await importing(drugsAtFdaCsv(whole), 'approved.csv', table)
  assert.deepEqual(run.remarks.map(({ line, code }) => `${line} ${code}`), ['3 BAD_TE_CODE', '4 BAD_APPLICATION_NUMBER'])
  const code = async (ndc: string) => (await product(ndc)).therapeuticEquivalence
  assert.deepEqual([await code('77777-001'), await code('77777-002'), await code('77777-003')], ['AB', null, null])

  fileOf('Applications.txt', 'ApplNo\tApplType\tApplPublicNotes\tSponsorName\r\n076187\tANDA\t\tEXAMPLE\r\n')
  fileOf('MarketingStatus.txt', 'MarketingStatusID\tApplNo\tProductNo\r\n1\t076187\t001\r\n1\t076187\t002\r\n')
  fileOf('TE.txt', 'ApplNo\tProductNo\tMarketingStatusID\tTECode\r\n076187\t001\t1\tAB1\r\n076187\t002\t1\tAB2\r\n')
  const productsTxt = 'ApplNo\tProductNo\tForm\tStrength\tReferenceDrug\tDrugName\tActiveIngredient\tReferenceStandard\r\n' + ['10MG', '20MG'].map((strength, i) => `076187\t00${i + 1}\tTABLET;ORAL\t${strength}\t0\tEXAMPLOL\tEXAMPLOL HYDROCHLORIDE\t0\r\n`).join('')
  const archive = await importing(await drugsAtFdaArchive(whole, fileOf('Products.txt', productsTxt)), 'Products.txt', productsTxt)
  assert.equal(archive.counts.updated, 2)
  assert.deepEqual([await code('77777-001'), await code('77777-002')], ['AB1', 'AB2'])
})

test('the command line imports, reports what was refused, and says what it wants when asked wrongly', async () => {
  const run = async (...args: string[]) => {
    const child = spawn(process.execPath, [resolve(import.meta.dirname, '../src/import/main.ts'), ...args, '--quiet', '--accept-withdrawals'], { env: { ...process.env, DATABASE_URL: subgraph.databaseUrl } })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const [code] = (await once(child, 'close')) as [number]
    return { code, output }
  }
  const done = await run('ndc', fileOf('p.txt', productFile(productLine('88888-001'))), fileOf('k.txt', packageFile(packageLine('88888-001-01'), packageLine('88888-001-1'))))
  assert.equal(done.code, 0, done.output)
  assert.match(done.output, /ndc-packages k\.txt: done/)
  assert.match(done.output, /refused 1 × BAD_NDC\n {4}line 3: .*"88888-001-1" is no listed package NDC/)
  const wrong = await run('ndc')
  assert.equal(wrong.code, 2)
  assert.match(wrong.output, /npm run import -- ndc <product.txt> <package.txt>/)
})

test('the FDA files of finished drugs are read as they are', { skip: without('ndc/product_trimmed.txt') }, async () => {
  const run = await runImport(orm, ndcProducts(whole), sample('ndc/product_trimmed.txt'))
  assert.deepEqual([run.recordsRead, run.inserted, run.refused], [3, 2, 1])
  const diluent = await product('0002-1407')
  assert.deepEqual(diluent.pharmacologicClasses, ['Antiarrhythmic [EPC]', 'Cytochrome P450 2D6 Inhibitor [EPC]', 'Cytochrome P450 2D6 Inhibitors [MoA]'])
  const packs = await runImport(orm, ndcPackages(whole), sample('ndc/package_trimmed.txt'))
  assert.deepEqual([packs.inserted, packs.refused], [1, 2])
  assert.deepEqual((await product('0002-0800')).packages.map(({ ndc, size, unit }: Record<string, unknown>) => [ndc, size, unit]), [['0002-0800-01', 10, 'ML']])
})
