import { test } from 'node:test'
import assert from 'node:assert/strict'
import { demoData } from '@pharmagraph/platform'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { interactionsCsv, interactionsXml } from '../src/import/interactions.ts'
import { ndcPackages, ndcProducts } from '../src/import/ndc.ts'
import { runImport } from '../src/import/run.ts'
import { catalog } from '../src/subgraph.ts'
import { fileOf, packageFile, packageLine, productFile, productLine } from './files.ts'

const subgraph = await testSubgraph(catalog, { seed: true })
const { orm } = subgraph.running
const patient = actorWith('patient')

const check = async (medicines: string[], knowledgeVersion?: string) =>
  (await subgraph.data(patient, 'query ($m: [String!]!, $v: String) { interactionCheck(medicines: $m, knowledgeVersion: $v) { knowledgeVersion medicines { asked recognised ingredients } findings { medicines ingredients interaction { id severity effect knowledgeVersion patientText } } } }', { m: medicines, v: knowledgeVersion })).interactionCheck
const idsOf = async (medicines: string[], version?: string): Promise<string[]> => (await check(medicines, version)).findings.map(({ interaction }: { interaction: { id: string } }) => interaction.id)
const csv = (source: string, version: string, lines: string[], complete = true) => runImport(orm, interactionsCsv({ source, version, complete }), fileOf('pairs.csv', ['drug_a,drug_b,level,effect', ...lines, ''].join('\n')))
const remarksOf = (id: string) => subgraph.sql<{ line: number; code: string }>('select line, code from import_remark where run_id = $1 order by id', [id])

test('S20 all fifteen high-priority pairs of the ONC are found, either way round, by the names of their ingredients', async () => {
  const { interactions } = demoData<{ interactions: { id: string; oncPair?: number; a: { members: string[] }; b: { members: string[] } }[] }>('interactions.json')
  const pairs = new Set<number>()
  for (const { id, oncPair, a, b } of interactions.filter((one) => one.oncPair)) {
    pairs.add(oncPair!)
    const one = a.members[0]!
    const other = b.members.find((name) => name !== one)!
    assert.ok((await idsOf([one, other])).includes(id), id)
    assert.ok((await idsOf([other, one])).includes(id), `${id} the other way round`)
  }
  assert.deepEqual([...pairs].sort((x, y) => x - y), Array.from({ length: 15 }, (_, i) => i + 1))
})

test('S20 S73 medicines are named by id, by NDC in any form, by brand, by salt or by ingredient; what is unknown is said to be', async () => {
  const [warfarin] = (await subgraph.data(patient, '{ drugs(search: "warfarin", first: 1) { nodes { id ndc ndc11 gtin } } }')).drugs.nodes
  for (const named of [warfarin.id, warfarin.ndc, warfarin.ndc11.replaceAll('-', ''), warfarin.gtin, 'Warfarin Sodium', 'WARFARIN']) {
    const { findings } = await check([named, 'fluconazole'])
    assert.deepEqual(findings.map(({ medicines, ingredients }: Record<string, string[]>) => [medicines!.toSorted(), ingredients!.toSorted()]), [[[named, 'fluconazole'].sort(), ['fluconazole', 'warfarin']]], named)
  }
  const answer = await check(['warfarin', 'unobtainium', '0000-0000-00'])
  assert.deepEqual(answer.medicines.map(({ asked, recognised }: Record<string, unknown>) => [asked, recognised]), [['warfarin', true], ['unobtainium', false], ['0000-0000-00', false]])
  assert.deepEqual(answer.findings, [])
  assert.equal((await subgraph.graph(patient, 'query ($m: [String!]!) { interactionCheck(medicines: $m) { knowledgeVersion } }', { m: Array.from({ length: 31 }, String) })).errors?.[0]?.extensions['code'], 'INVALID_INPUT')
})

test('an ingredient does not interact with itself, and two products of it are no pair', async () => {
  assert.deepEqual(await idsOf(['amiodarone', 'Amiodarone Hydrochloride']), [])
  assert.deepEqual(await idsOf(['amiodarone']), [])
})

test('a class named by an interaction holds whoever belongs to it, now and later', async () => {
  await csv('house', '1', ['Testomab Antagonist [EPC],Grapefruitin,Major,More of it', 'Testomab Antagonist [EPC],Testomab Antagonist [EPC],Moderate,Twice the same'])
  assert.deepEqual(await idsOf(['testoxin', 'grapefruitin']), [])
  const classed = (ndc: string, substance: string) => productLine(ndc, { SUBSTANCENAME: substance, PHARM_CLASSES: 'Testomab Antagonist [EPC]', PROPRIETARYNAME: substance })
  await runImport(orm, ndcProducts({ complete: false, acceptWithdrawals: false }), fileOf('product.txt', productFile(classed('12121-0001', 'TESTOXIN SODIUM'), classed('12121-0002', 'TESTUMINE'), productLine('12121-0003', { SUBSTANCENAME: 'GRAPEFRUITIN' }))))
  assert.deepEqual(await idsOf(['testoxin', 'grapefruitin']), ['house:grapefruitin+testomab antagonist [epc]'])
  assert.deepEqual(await idsOf(['grapefruitin', 'testumine']), ['house:grapefruitin+testomab antagonist [epc]'])
  assert.deepEqual(await idsOf(['testoxin', 'testumine']), ['house:testomab antagonist [epc]+testomab antagonist [epc]'])
  assert.deepEqual(await idsOf(['testoxin', 'testoxin sodium']), [])
})

test('others are told of an interaction once both its sides are sold, with the members of a class, and again only when it changes', async () => {
  const told = async () => (await subgraph.emitted('catalog.interaction-published.v1')).filter(({ interactionId }) => interactionId.startsWith('house:')).map(({ interactionId, aMembers, bMembers }) => [interactionId, aMembers, bMembers])
  assert.deepEqual(await told(), [])
  await runImport(orm, ndcPackages({ complete: false, acceptWithdrawals: false }), fileOf('package.txt', packageFile(packageLine('12121-0001-1'), packageLine('12121-0002-1'), packageLine('12121-0003-1'))))
  const adopt = (ndc: string) => subgraph.data(actorWith('inventory'), 'mutation ($n: String!) { adoptPackage(input: { ndc: $n, amountMinor: 1, description: "x", storageClass: CRT }) { id } }', { n: ndc })
  await adopt('12121-0001-1')
  assert.deepEqual(await told(), [['house:testomab antagonist [epc]+testomab antagonist [epc]', ['testoxin'], ['testoxin']]])
  await adopt('12121-0003-1')
  assert.deepEqual((await told()).slice(1), [['house:grapefruitin+testomab antagonist [epc]', ['testoxin'], ['grapefruitin']]])
  await adopt('12121-0002-1')
  assert.deepEqual((await told()).slice(2).toSorted(), [
    ['house:grapefruitin+testomab antagonist [epc]', ['testoxin', 'testumine'], ['grapefruitin']],
    ['house:testomab antagonist [epc]+testomab antagonist [epc]', ['testoxin', 'testumine'], ['testoxin', 'testumine']],
  ])
})

test('a release replaces the one before: what it adds, changes and drops is counted, told, and the earlier answer can still be asked for', async () => {
  await csv('ddi', '2026.1', ['warfarin,lisinopril,Minor,First', 'Lisinopril,Metformin Hydrochloride,Moderate,Kept', 'zzz,warfarin,Major,Not sold'])
  assert.deepEqual((await idsOf(['warfarin', 'lisinopril', 'metformin'])), ['ddi:lisinopril+metformin hydrochloride', 'ddi:lisinopril+warfarin'])
  const second = await csv('ddi', '2026.2', ['lisinopril,warfarin,Major,Worse', 'metformin,warfarin,Minor,New', 'zzz,warfarin,Major,Not sold'])
  assert.deepEqual([second.inserted, second.updated, second.unchanged, second.withdrawn], [1, 1, 1, 1])
  const now = await check(['warfarin', 'lisinopril', 'metformin'])
  assert.deepEqual(now.findings.map(({ interaction }: { interaction: Record<string, string> }) => [interaction['id'], interaction['severity'], interaction['knowledgeVersion']]), [['ddi:lisinopril+warfarin', 'MAJOR', '2026.2'], ['ddi:metformin+warfarin', 'MINOR', '2026.2']])
  assert.equal(now.knowledgeVersion, '2026.2')
  const then = await check(['warfarin', 'lisinopril', 'metformin'], '2026.1')
  assert.deepEqual(then.findings.map(({ interaction }: { interaction: Record<string, string> }) => [interaction['id'], interaction['effect']]), [['ddi:lisinopril+metformin hydrochloride', 'Kept'], ['ddi:lisinopril+warfarin', 'First']])
  const told = (await subgraph.emitted('catalog.interaction-published.v1')).filter(({ interactionId }) => interactionId.startsWith('ddi:')).map(({ interactionId, severity, aMembers }) => `${interactionId} ${severity} ${aMembers.join()}`)
  assert.deepEqual(told.slice(2).toSorted(), ['ddi:lisinopril+metformin hydrochloride MODERATE ', 'ddi:lisinopril+warfarin MAJOR lisinopril', 'ddi:metformin+warfarin MINOR metformin'], 'a dropped one is told without members')
  const before = (await subgraph.emitted('catalog.interaction-published.v1')).length
  for (const version of ['2026.3', '2026.4']) await csv('ddi', version, ['lisinopril,warfarin,Major,Worse', 'metformin,warfarin,Minor,New', 'zzz,warfarin,Major,Not sold'])
  assert.equal((await subgraph.emitted('catalog.interaction-published.v1')).length, before, 'what stands is not told again, nor what is gone')
  assert.equal((await subgraph.graph(patient, '{ interactionCheck(medicines: ["warfarin"], knowledgeVersion: "1999") { knowledgeVersion } }')).errors?.[0]?.extensions['code'], 'INVALID_INPUT')
})

test('a published version never changes: the same file again does nothing, another under its name is refused, and so is an earlier name', async () => {
  const lines = ['warfarin,aspirin,Major,Bleeding']
  await csv('fixed', '2026-11-01', lines)
  const again = await csv('fixed', '2026-11-01', lines)
  assert.deepEqual([again.inserted, again.updated, again.unchanged, again.withdrawn], [0, 0, 1, 0])
  await assert.rejects(csv('fixed', '2026-11-01', ['warfarin,aspirin,Minor,None']), /a version never changes/)
  await assert.rejects(csv('fixed', '2026-10-01', ['warfarin,aspirin,Minor,None']), /must sort after/)
  const { knowledgeReleases } = await subgraph.data(patient, '{ knowledgeReleases { source version added changed retired } }')
  assert.deepEqual(knowledgeReleases[0], { source: 'fixed', version: '2026-11-01', added: 1, changed: 0, retired: 0 })
})

test('bad lines of a table are refused with the reason, and of a pair given twice the more severe counts', async () => {
  const run = await csv('bad', '1', ['warfarin,,Major,x', 'warfarin,aspirin,Unknown,x', 'warfarin,Warfarin Sodium,Major,x', 'a,b', 'aspirin,metformin,Minor,"two\nlines"', 'metformin,aspirin,Major,worse'])
  assert.deepEqual((await remarksOf(run.id)).map(({ line, code }) => `${line} ${code}`), ['2 NO_SIDE', '3 BAD_SEVERITY', '4 SAME_INGREDIENT', '5 COLUMN_COUNT', '8 REPEATED'])
  const [finding] = (await check(['aspirin', 'metformin'])).findings
  assert.deepEqual([finding.interaction.severity, finding.interaction.effect], ['MAJOR', 'worse'])
})

test('XML brings the same: named groups with members, classes, plain ingredients', async () => {
  const xml = `<?xml version="1.0"?>
<interactions>
  <interaction id="triptan-ssri" severity="Major"><a name="Triptans"><member>sumatriptan</member><member>Rizatriptan Benzoate</member></a><b name="SSRIs"><member>sertraline</member></b>
    <effect>Serotonin syndrome &amp; worse</effect><patientText>Ask first.</patientText></interaction>
  <interaction severity="MINOR"><a>caffeine</a><b>zinc</b></interaction>
  <interaction id="broken" severity="MINOR"><a>caffeine</b></interaction>
  <interaction id="none" severity="MINOR"><a>caffeine</a></interaction>
</interactions>`
  const run = await runImport(orm, interactionsXml({ source: 'xml', version: '1', complete: true }), fileOf('pairs.xml', xml))
  assert.equal(run.inserted, 2)
  assert.deepEqual((await remarksOf(run.id)).map(({ line, code }) => `${line} ${code}`), ['6 BAD_XML', '7 NO_SIDE'])
  const [finding] = (await check(['rizatriptan', 'sertraline'])).findings.filter(({ interaction }: { interaction: { id: string } }) => interaction.id.startsWith('xml:'))
  assert.deepEqual([finding.interaction.id, finding.interaction.effect, finding.interaction.patientText], ['xml:triptan-ssri', 'Serotonin syndrome & worse', 'Ask first.'])
  assert.deepEqual(await idsOf(['caffeine', 'zinc']), ['xml:caffeine+zinc'])
})

test('ingredients are offered as they are typed, with their classes', async () => {
  const { ingredients } = await subgraph.data(patient, '{ ingredients(search: "testo") { name rxcui classes } }')
  assert.deepEqual(ingredients, [{ name: 'testosterone', rxcui: '10379', classes: ingredients[0].classes }, { name: 'testoxin', rxcui: null, classes: ['Testomab Antagonist [EPC]'] }])
})

test('fifteen medicines cost a handful of SQL statements', async () => {
  const names = ['warfarin', 'fluconazole', 'aspirin', 'metformin', 'lisinopril', 'simvastatin', 'clarithromycin', 'sertraline', 'tramadol', 'omeprazole', 'digoxin', 'amiodarone', 'lithium', 'ibuprofen', 'zolpidem']
  const statements = await subgraph.countSql(async () => assert.ok((await idsOf(names)).length > 10))
  assert.ok(statements <= 4, `${statements} statements`)
})
