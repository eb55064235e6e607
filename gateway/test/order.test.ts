import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toBytes } from '../src/execution/bytes.ts'
import { Operations } from '../src/operations/operations.ts'
import { buildGraph } from '../src/supergraph/graph.ts'
import { everybody } from './support/reference.ts'
import { compose } from './support/supergraphs.ts'

test('mutations run one after another in the order of the operation, each with the fetches it needs', async () => {
  const { sdl } = compose({
    counters: 'type Query { n: Int } type Mutation { up(by: Int!): Counter } type Counter @key(fields: "id") { id: ID! value: Int! }',
    lights: 'type Mutation { light: Boolean } type Counter @key(fields: "id") { id: ID! colour: String }',
  })
  const asked: string[] = []
  let value = 0
  const send = async (service: string, body: string, idempotent: boolean) => {
    const { query } = JSON.parse(body) as { query: string }
    asked.push(`${service}${idempotent ? '' : '!'}`)
    await new Promise((resolve) => setTimeout(resolve, asked.length === 1 ? 20 : 1))
    if (query.includes('_entities')) return { text: toBytes('{"data":{"_entities":[{"colour":"grün"}]}}') }
    if (service === 'lights') return { text: '{"data":{"light":true}}' }
    const key = /(\w+): ?up/.exec(query)![1]!
    return { text: `{"data":{"${key}":{"__typename":"Counter","id":"c${++value}","value":${value}}}}` }
  }
  const operations = new Operations(buildGraph(sdl))
  const { data, errors } = await operations.fromText('mutation { first: up(by: 1) { value colour } light second: up(by: 1) { value } }').execute({ actor: everybody, send }, {})
  assert.deepEqual([errors, data], [undefined, { first: { value: 1, colour: 'grün' }, light: true, second: { value: 2 } }])
  assert.deepEqual(asked.filter((service) => service.endsWith('!')), ['counters!', 'lights!', 'counters!'])
})
