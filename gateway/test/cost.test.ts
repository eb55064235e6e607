import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toBytes } from '../src/execution/bytes.ts'
import { Operations, type Prepared } from '../src/operations/operations.ts'
import { buildGraph } from '../src/supergraph/graph.ts'
import { everybody } from './support/reference.ts'
import { compose, pharmacy as ours } from './support/supergraphs.ts'

const { sdl } = compose({
  shelves: `
    type Query { shelf: Shelf page(first: Int, last: Int): [Box!]! @listSize(slicingArguments: ["first", "last"]) some(first: Int = 5, last: Int): [Box!] @listSize(slicingArguments: ["first", "last"]) }
    type Mutation { fill: Shelf! }
    type Shelf { boxes: [Box!]! dear: [Label!]! }
    type Box @key(fields: "id") { id: ID! }
    type Label { text: String @cost(weight: 3) }`,
  contents: 'type Box @key(fields: "id") { id: ID! things: [Thing!] } type Thing { name: String }',
})
const operations = new Operations(buildGraph(sdl))
const list = (length: number, of: (index: number) => string): string => Array.from({ length }, (_, index) => of(index)).join()

/** So many boxes on a shelf, each with so many things. */
function pharmacy(boxes: number, things = 1) {
  const asked: string[] = []
  return {
    asked,
    async send(service: string, body: string) {
      asked.push(service)
      if (service === 'contents') return { text: toBytes(`{"data":{"_entities":[${list(boxes, () => `{"things":[${list(things, (n) => `{"name":"${n}"}`)}]}`)}]}}`) }
      const { query } = JSON.parse(body) as { query: string }
      const shelf = query.includes('dear') ? `{"dear":[${list(boxes, (n) => `{"text":"${n}"}`)}]}` : `{"boxes":[${list(boxes, (n) => `{"__typename":"Box","id":"${n}"}`)}]}`
      return { text: toBytes(`{"data":{"${query.startsWith('mutation') ? 'fill' : 'shelf'}":${shelf}}}`) }
    },
  }
}
async function outcome(prepared: Prepared, send: ReturnType<typeof pharmacy>['send']): Promise<{ code?: unknown; actual?: unknown; spent?: unknown }> {
  try {
    const { spent } = await prepared.respond({ actor: everybody, send }, {})
    return { spent }
  } catch (error) {
    const { code, actualCost } = (error as { extensions: Record<string, unknown> }).extensions
    return { code, actual: actualCost }
  }
}
const text = '{ shelf { boxes { id things { name } } } }'

test('S82 what an operation in a client’s own words did cost is told beside what it might have', async () => {
  const { send } = pharmacy(3, 2)
  assert.deepEqual(await outcome(operations.fromClient(text), send), { spent: { estimated: 1 + 10 * (1 + 10), actual: 1 + 3 + 6 } })
  // a field of weight three on ten labels foretold, on four counted
  assert.deepEqual(await outcome(operations.fromClient('{ shelf { dear { text } } }'), pharmacy(4).send), { spent: { estimated: 1 + 10 * 4, actual: 1 + 4 * 4 } })
})

test('S82 a query whose lists turn out too long is ended before the next service is asked, or withheld', async () => {
  const wide = pharmacy(20_001)
  assert.deepEqual(await outcome(operations.fromClient(text), wide.send), { code: 'OPERATION_TOO_COSTLY', actual: 20_001 })
  assert.deepEqual(wide.asked, ['shelves'])
  const deep = pharmacy(200, 100)
  assert.deepEqual(await outcome(operations.fromClient(text), deep.send), { code: 'OPERATION_TOO_COSTLY', actual: 1 + 200 + 20_000 })
  assert.deepEqual(await outcome(operations.fromClient('{ shelf { boxes { __typename } } }'), pharmacy(19_999).send), { spent: { estimated: 11, actual: 20_000 } })
})

test('S82 what was reviewed is not counted, and a mutation that is done is told', async () => {
  assert.deepEqual(await outcome(operations.fromText(text), pharmacy(20_001).send), { spent: undefined })
  assert.deepEqual(await outcome(operations.fromClient('mutation { fill { boxes { id } } }'), pharmacy(20_001).send), { spent: { estimated: 11, actual: 20_002 } })
})

test('S82 a list that several arguments cut is asked for with exactly one of them', async () => {
  const codeOf = (query: string) => outcome(operations.fromClient(query), async () => ({ text: '{"data":{"page":[],"some":[]}}' })).then(({ code }) => code)
  for (const query of ['{ page { id } }', '{ page(first: 1, last: 1) { id } }', '{ some(first: 1, last: 2) { id } }', '{ page(first: null) { id } }']) assert.equal(await codeOf(query), 'GRAPHQL_VALIDATION_FAILED', query)
  for (const query of ['{ page(last: 3) { id } }', '{ some { id } }', '{ some(last: 2) { id } }']) assert.equal(await codeOf(query), undefined, query)
})

test('S44 an answer may be kept for as long as the field that wants to be freshest, and never where anything of it is somebody’s', () => {
  const graph = new Operations(buildGraph(ours.sdl))
  const ageOf = (text: string) => graph.fromText(text).publicMaxAge
  assert.equal(ageOf('{ drugs(first: 3) { nodes { id name } } }'), 60)
  assert.equal(ageOf('query ($id: ID!) { drug(id: $id) { ...D } } fragment D on Drug { name equivalents { id } }'), 300)
  assert.equal(ageOf('query ($id: ID!) { drug(id: $id) { name equivalents { ...S } } } fragment S on Drug { availability { status } }'), 5)
  assert.equal(ageOf('query ($id: ID!) { drug(id: $id) { name } me { id } }'), undefined)
})
