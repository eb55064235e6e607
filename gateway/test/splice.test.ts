import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { fromBytes, toBytes } from '../src/execution/bytes.ts'
import type { Send } from '../src/execution/execute.ts'
import { readManifest } from '../src/operations/manifest.ts'
import { Operations } from '../src/operations/operations.ts'
import { buildGraph } from '../src/supergraph/graph.ts'
import { generatedSubgraphs } from './support/generated-subgraphs.ts'
import { everybody } from './support/reference.ts'
import { compose, pharmacy } from './support/supergraphs.ts'

const garage = compose({
  cars: 'type Query { car(name: String = "x"): Car cars: [Car!] } type Mutation { paint(colour: Colour!): Car! } type Car @key(fields: "id") { id: ID! name: String colour: Colour seats: Int! } enum Colour { RED BLUE SECRET @inaccessible }',
  owners: 'type Car @key(fields: "id") { id: ID! owner: Owner! former: [Owner!] } type Owner { name: String! age: Int }',
})
const operations = new Operations(buildGraph(garage.sdl))

/** Answers by service, one after another; remembers what was asked. */
function told(answers: Record<string, string[]>): { send: Send; asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    async send(service, body) {
      asked.push(`${service} ${JSON.stringify((JSON.parse(fromBytes(body)) as { variables: unknown }).variables)}`)
      const text = answers[service]!.shift()!
      return text.includes('"errors"') ? (JSON.parse(text) as object) : { text: toBytes(text) }
    },
  }
}
async function answer(query: string, send: Send): Promise<{ spliced: boolean; body: any }> {
  const { body, encoding } = await operations.fromText(query).respond({ actor: everybody, send }, {})
  return { spliced: encoding === 'latin1', body: JSON.parse(encoding === 'latin1' ? fromBytes(body) : body) }
}

const query = '{ cars { name owner { name age } seats } }'
const cars = '{"data":{"cars":[{"__typename":"Car","id":"1","name":"Käfer","seats":4},{"__typename":"Car","id":"1","name":null,"seats":4}]}}'

test("an answer as the plan foretells it is put together from the subgraphs' text, each entity asked for once", async () => {
  const { send, asked } = told({ cars: [cars], owners: ['{"data":{"_entities":[{"owner":{"name":"Zo\\u00eb \\"Z\\" €","age":null}}]}}\n'] })
  const owner = { name: 'Zoë "Z" €', age: null }
  assert.deepEqual(await answer(query, send), { spliced: true, body: { data: { cars: [{ name: 'Käfer', owner, seats: 4 }, { name: null, owner, seats: 4 }] } } })
  assert.deepEqual(asked, ['cars {}', 'owners {"representations":[{"__typename":"Car","id":"1"}]}'])
})

test('an answer of another form means the same, and nothing is asked twice', async () => {
  const owner = { name: 'Zoe', age: 7 }
  const whole = { data: { cars: [{ name: 'Käfer', owner, seats: 4 }, { name: null, owner, seats: 4 }] } }
  for (const owners of ['{ "data": {"_entities":[{"owner":{"name":"Zoe","age":7}}]}}', '{"data":{"_entities":[{"owner":{"age":7,"name":"Zoe"}}]}}', '{"data":{"_entities":[{"owner":{"name":"Zoe","age":7}}]},"extensions":{}}']) {
    const { send, asked } = told({ cars: [cars], owners: [owners] })
    assert.deepEqual(await answer(query, send), { spliced: false, body: whole })
    assert.equal(asked.length, 2)
  }
})

test('an error, a null that may not be, and a value of another type are told as ever', async () => {
  const cases: [owners: string, path: (string | number)[], code: string][] = [
    ['{"errors":[{"message":"no","path":["_entities",0,"owner"],"extensions":{"code":"MADE_UP"}}],"data":{"_entities":[{"owner":null}]}}', ['cars', 0, 'owner'], 'MADE_UP'],
    ['{"data":{"_entities":[null]}}', ['cars', 0, 'owner'], 'NOT_FOUND'],
    ['{"data":{"_entities":[{"owner":{"name":5,"age":7}}]}}', ['cars', 0, 'owner', 'name'], 'INVALID_SUBGRAPH_RESPONSE'],
    ['{"data":{"_entities":[{"owner":{"name":"cut', ['cars', 0, 'owner'], 'SUBGRAPH_UNAVAILABLE'],
  ]
  for (const [owners, path, code] of cases) {
    const { send, asked } = told({ cars: [cars], owners: [owners] })
    const { spliced, body } = await answer(query, send)
    assert.deepEqual([spliced, body.data, body.errors[0].path, body.errors[0].extensions.code], [false, { cars: null }, path, code])
    assert.equal(asked.length, 2)
  }
})

test('a mutation whose answer has another form is not sent again', async () => {
  const { send, asked } = told({ cars: ['{"data":{"paint":{"__typename":"Car","id":"1","colour":"SECRET"}}}'], owners: ['{"data":{"_entities":[{"former":[]}]}}'] })
  const { spliced, body } = await answer('mutation { paint(colour: RED) { colour former { name } } }', send)
  assert.deepEqual([spliced, body.data], [false, { paint: { colour: null, former: [] } }])
  assert.equal(asked.length, 2)
})

test('aliases, other orders and repeated fields come out as asked for', async () => {
  const { send } = told({
    cars: ['{"data":{"__typename":"Query","car":{"__typename":"Car","seats":4,"mine":"A","id":"1","colour":"RED"}}}'],
    owners: ['{"data":{"_entities":[{"former":[{"name":"B","age":1},{"name":"C","age":null}]}]}}'],
  })
  const { body } = await answer('{ car { seats mine: name former { name age } it: __typename id ... on Car { colour seats } } kind: __typename }', send)
  assert.equal(JSON.stringify(body), '{"data":{"car":{"seats":4,"mine":"A","former":[{"name":"B","age":1},{"name":"C","age":null}],"it":"Car","id":"1","colour":"RED"},"kind":"Query"}}')
})

/** A requirement with a selection of its own (gross margin wants `revenue { amountMinor currency }`) goes the general way. */
const general = new Set(['SalesReport'])

test('every persisted query of the graph is answered this way, but for what wants nested requirements', async () => {
  const { send } = generatedSubgraphs(pharmacy.subgraphs, { ofNull: 0, ofFailure: 0 })
  const operations = new Operations(buildGraph(pharmacy.sdl))
  const { operations: persisted } = readManifest(resolve(import.meta.dirname, '../../schema/operations'))
  let spliced = 0
  const queries = persisted.filter(({ type }) => type === 'query')
  for (const { body, name } of queries) {
    const prepared = operations.fromText(body, name)
    const variables = Object.fromEntries((prepared.document.definitions.flatMap((node) => ('variableDefinitions' in node ? (node.variableDefinitions ?? []) : []))).map(({ variable, type }) => [variable.name.value, type.kind === 'NonNullType' && type.type.kind === 'NamedType' ? ({ Int: 1, Boolean: true } as Record<string, unknown>)[type.type.name.value] ?? 'x' : undefined]))
    const answer = await prepared.respond({ actor: everybody, send }, variables).catch(() => undefined)
    if (answer?.encoding === 'latin1') spliced++
    else if (answer?.errors.length === 0) assert.ok(general.has(name), `${name} is not spliced`)
  }
  assert.ok(spliced > queries.length / 2, `${spliced} of ${queries.length}`)
})
