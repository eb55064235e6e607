import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anonymous, type Actor } from '@pharmagraph/platform/actor.ts'
import { toBytes } from '../src/execution/bytes.ts'
import type { Send } from '../src/execution/execute.ts'
import { Operations } from '../src/operations/operations.ts'
import { buildGraph } from '../src/supergraph/graph.ts'
import { createLabels } from '../src/supergraph/labels.ts'
import { compose } from './support/supergraphs.ts'

const { sdl } = compose({
  old: 'type Query { item: Item } type Item @key(fields: "id") { id: ID! price: Int weight: Int }',
  new: 'type Item @key(fields: "id") { id: ID! price: Int @override(from: "old", label: "percent(30)") weight: Int @override(from: "old", label: "weighing") }',
})
const send: Send = async (service) => ({ text: toBytes(service === 'new' ? '{"data":{"_entities":[{"price":2}]}}' : '{"data":{"item":{"__typename":"Item","id":"1","price":1}}}') })
const person = (number: number): Actor => ({ ...anonymous, subject: `person-${number}` })

/** 1 from the old subgraph, 2 from the new one. */
const priceFor = async (operations: Operations, actor: Actor): Promise<number> =>
  ((await operations.fromText('{ item { price } }').execute({ actor, send: async (...given) => {
    const answer = await send(...given)
    return 'text' in answer ? (JSON.parse(answer.text) as object) : answer
  } }, {})).data!['item'] as { price: number }).price

test('a field that moves by share comes from its new subgraph for that share of persons, always the same', async () => {
  const operations = new Operations(buildGraph(sdl))
  const prices = await Promise.all(Array.from({ length: 400 }, (_, index) => priceFor(operations, person(index))))
  const moved = prices.filter((price) => price === 2).length
  assert.ok(moved > 80 && moved < 160, `${moved} of 400`)
  assert.deepEqual(await Promise.all(Array.from({ length: 400 }, (_, index) => priceFor(operations, person(index)))), prices)
})

test('who has no name is drawn anew each time', async () => {
  const operations = new Operations(buildGraph(sdl))
  const prices = await Promise.all(Array.from({ length: 200 }, () => priceFor(operations, anonymous)))
  assert.deepEqual([...new Set(prices)].sort(), [1, 2])
})

test('a label of its own is on where the configuration says so', async () => {
  const weighed = async (on: string[]): Promise<string[]> => {
    const asked: string[] = []
    const operations = new Operations(buildGraph(sdl), createLabels(on))
    await operations.fromText('{ item { weight } }').respond({ actor: anonymous, send: async (service) => {
      asked.push(service)
      return { text: service === 'old' ? '{"data":{"item":{"__typename":"Item","id":"1","weight":5}}}' : '{"data":{"_entities":[{"weight":6}]}}' }
    } }, {})
    return asked
  }
  assert.deepEqual(await weighed([]), ['old'])
  assert.deepEqual(await weighed(['weighing']), ['old', 'new'])
})
