import { test } from 'node:test'
import assert from 'node:assert/strict'
import { anonymous } from '@pharmagraph/platform'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { catalog } from '../src/subgraph.ts'

const subgraph = await testSubgraph(catalog, { seed: true })
const patient = actorWith('patient')

const search = async (text: string, first = 20, after?: string) =>
  (await subgraph.data(patient, 'query ($s: String, $f: Int, $a: String) { drugs(search: $s, first: $f, after: $a) { nodes { id name ndc ndc11 ndc12 } pageInfo { hasNextPage endCursor } } }', { s: text, f: first, a: after })).drugs

test('a caller without an actor token is refused', async () => {
  const answer = await subgraph.graph(anonymous, '{ drugs { nodes { id } } }')
  assert.equal(answer.errors?.[0]?.extensions['code'], 'UNAUTHENTICATED')
})

test('S20 S25 S61 search finds a drug by name, by the beginning of it, and in spite of a typing error', async () => {
  for (const text of ['lisinopril', 'lisin', 'lisinoprl', 'LISINOPRIL']) {
    const { nodes } = await search(text, 5)
    assert.match(nodes[0]?.name ?? 'nothing', /lisinopril/i, text)
  }
  assert.deepEqual((await search('zzzzqqqq')).nodes, [])
})

test('S33 search finds the same drug by its NDC in every written form', async () => {
  const [drug] = (await search('metformin', 1)).nodes
  for (const form of [drug.ndc, drug.ndc11, drug.ndc11.replaceAll('-', ''), drug.ndc12, drug.ndc12.replaceAll('-', '')]) {
    assert.deepEqual((await search(form)).nodes.map(({ id }: { id: string }) => id), [drug.id], form)
  }
})

test('pages of a search join without gap or repeat', async () => {
  const whole = (await search('', 30)).nodes.map(({ id }: { id: string }) => id)
  const pages: string[] = []
  let after: string | undefined
  while (pages.length < 30) {
    const { nodes, pageInfo } = await search('', 7, after)
    pages.push(...nodes.map(({ id }: { id: string }) => id))
    after = pageInfo.endCursor
  }
  assert.deepEqual(pages.slice(0, 30), whole)
})

test('a search shows what a drug page shows: prices with their moment, equivalents, what it interacts with', async () => {
  const fields = 'id name packageSize storageClass sideEffects price { perPackage { amountMinor currency } since note } priceHistory { since } activeIngredients { rxcui name strength } equivalents { id } interactions(first: 3) { id severity }'
  const { drugs } = await subgraph.data(patient, `{ drugs(search: "warfarin", first: 3) { nodes { ${fields} } } }`)
  assert.ok(drugs.nodes.length > 0)
  for (const node of drugs.nodes) assert.deepEqual(node, (await subgraph.data(patient, `query ($id: ID!) { drug(id: $id) { ${fields} } }`, { id: node.id })).drug)
  assert.equal(drugs.nodes[0].interactions.length, 3)
})

test('the formulary is narrowed by form, schedule and whether a prescription is needed, and says how many there are of each', async () => {
  const ask = async (filter: object) => (await subgraph.data(patient, 'query ($n: DrugFilter) { drugs(filter: $n, first: 100) { totalCount nodes { dosageForm rxOnly deaSchedule } facets(fields: [RX_ONLY, DEA_SCHEDULE]) { field values { value count } } } }', { n: filter })).drugs
  const otc = await ask({ rxOnly: false })
  assert.ok(otc.totalCount > 0 && otc.nodes.every(({ rxOnly }: { rxOnly: boolean }) => !rxOnly))
  assert.equal(otc.facets[0].field, 'DEA_SCHEDULE')
  assert.deepEqual(otc.facets[1].values.map(({ value }: { value: string }) => value).toSorted(), ['false', 'true'])
  const controlled = await ask({ deaSchedule: ['CII', 'CIV'], rxOnly: true, dosageForm: [] })
  assert.ok(controlled.totalCount > 0 && controlled.nodes.every(({ deaSchedule }: { deaSchedule: string }) => ['CII', 'CIV'].includes(deaSchedule)))
})

test('interactions between two named drugs are told, most severe first, and none for a drug with itself', async () => {
  const [warfarin] = (await search('warfarin', 1)).nodes
  const [fluconazole] = (await search('fluconazole', 1)).nodes
  const ask = async (ids: string[]) => (await subgraph.data(patient, 'query ($ids: [ID!]!) { interactions(drugIds: $ids) { severity effect evidence patientText } }', { ids })).interactions
  const [found] = await ask([warfarin.id, fluconazole.id])
  assert.equal(found?.severity, 'MAJOR')
  assert.ok(found.evidence.length > 3 && found.patientText.length > 10)
  assert.deepEqual(await ask([warfarin.id]), [])
})

test('a price is set by inventory staff only, is told to the others, and unit prices round half up', async () => {
  const [drug] = (await search('lisinopril', 1)).nodes
  const change = 'mutation ($id: ID!, $m: Int!) { changeDrugPrice(input: { drugId: $id, amountMinor: $m }) { price { perPackage { amountMinor } perUnit { amountMinor } note } packageSize } }'
  const refused = await subgraph.graph(patient, change, { id: drug.id, m: 1 })
  assert.equal(refused.errors?.[0]?.extensions['code'], 'FORBIDDEN')
  const before = (await subgraph.emitted('catalog.drug-published.v1')).length
  const { changeDrugPrice } = await subgraph.data(actorWith('inventory'), change, { id: drug.id, m: 1250 })
  assert.equal(changeDrugPrice.price.perPackage.amountMinor, 1250)
  assert.equal(changeDrugPrice.price.perUnit.amountMinor, Math.floor(1250 / changeDrugPrice.packageSize + 0.5))
  const events = await subgraph.emitted('catalog.drug-published.v1')
  assert.equal(events.length, before + 1)
  assert.equal(events.at(-1)?.priceMinor, 1250)
  assert.ok((events.at(-1)?.version ?? 0) > 1)
})

test('a hundred drugs by reference, with equivalents and interactions, cost a handful of SQL statements', async () => {
  const ids = (await subgraph.sql<{ id: string }>('select id from drug limit 100')).map(({ id }) => id)
  const statements = await subgraph.countSql(async () => {
    const { _entities } = await subgraph.data(patient, 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Drug { id equivalents { id } interactions { id } } } }', {
      r: ids.map((id) => ({ __typename: 'Drug', id })),
    })
    assert.equal(_entities.length, ids.length)
  })
  assert.ok(statements <= 3, `${statements} statements`)
})

test('what nobody would ask is answered with a reason: ids that are none, forged cursors, NUL and half characters, lists of minus one', async () => {
  const ask = async (query: string, variables: object = {}) => {
    const { data, errors } = await subgraph.graph(patient, query, variables as Record<string, unknown>)
    return errors ? [errors[0]!.extensions['code'], errors[0]!.extensions['field']] : data
  }
  assert.deepEqual(await ask('{ interactions(drugIds: ["", "x"]) { id } }'), { interactions: [] })
  assert.deepEqual(await ask('{ knowledgeReleases(first: -1) { version } }'), ['INVALID_INPUT', 'first'])
  for (const cursor of [[1, 'a', 'not an id'], [1e300, 'a', '0190b0a0-0000-7000-8000-000000000000'], [1, 'a\0', '0190b0a0-0000-7000-8000-000000000000'], ['1', 2, 3], 'x']) {
    assert.deepEqual(await ask('query ($a: String) { drugs(search: "lisinopril", after: $a) { nodes { id } } }', { a: Buffer.from(JSON.stringify(cursor)).toString('base64url') }), ['INVALID_INPUT', 'after'], JSON.stringify(cursor))
  }
  for (const text of ['a\0b', 'half \ud83d']) {
    assert.deepEqual(await ask('query ($s: String) { drugs(search: $s) { nodes { id } } }', { s: text }), ['INVALID_INPUT', 'variables.s'])
    assert.deepEqual(await ask('query ($m: [String!]!) { interactionCheck(medicines: $m) { knowledgeVersion } }', { m: ['warfarin', text] }), ['INVALID_INPUT', 'variables.m.1'])
  }
  assert.deepEqual(await ask('{ ingredients(search: "a\\u0000") { name } }'), ['INVALID_INPUT', 'query'])
  // whole characters beyond the basic plane, wildcards and quotes are ordinary text
  for (const text of ['\u{1F48A}', '%', '_%_', "o'b\"\\", "');--", 'é'.repeat(200)]) assert.deepEqual((await search(text)).nodes, [], text)
  assert.deepEqual(await ask('query ($s: String) { drugs(search: $s) { nodes { id } } }', { s: 'x'.repeat(201) }), ['INVALID_INPUT', 'search'])
})
