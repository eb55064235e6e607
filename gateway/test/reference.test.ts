import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse, validate, type GraphQLEnumType } from 'graphql'
import { operations as generated } from './support/generated-operations.ts'
import { generatedSubgraphs } from './support/generated-subgraphs.ts'
import { executors } from './support/reference.ts'
import { bank, library, pharmacy, shop, type Composed } from './support/supergraphs.ts'

const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 60)
const supergraphs: [string, Composed, services: number][] = [['the pharmacy', pharmacy, 5], ['the shop', shop(), 3], ['the library', library(), 3], ['the bank', bank(), 3]]
/** Deep operations over interface objects take the planner minutes. */
const depthOn: Readonly<Record<string, number>> = { 'the library': 3 }

for (const [name, { sdl, subgraphs }, services] of supergraphs) {
  const { graph, ours, reference } = executors(sdl)
  const operations = generated(graph.schema, depthOn[name])
  const runs = { numRuns, interruptAfterTimeLimit: 15_000 }

  test(`generated operations on ${name} are valid and reach several services`, async () => {
    const seen = new Set<string>()
    const { send, requests } = generatedSubgraphs(subgraphs, { ofNull: 0.1, ofFailure: 0 })
    await fc.assert(fc.asyncProperty(operations, async (operation) => {
      assert.deepEqual(validate(graph.schema, parse(operation.text)), [])
      fc.pre((await ours(operation, send)) !== 'tooCostly')
      for (const service of requests.splice(0)) seen.add(service)
    }), { ...runs, numRuns: 20 })
    assert.ok(seen.size >= services, `only ${[...seen]} were asked`)
  })

  test(`any operation on ${name} is answered as by the reference executor, with no more requests`, async () => {
    const { send, requests } = generatedSubgraphs(subgraphs, { ofNull: 0.15, ofFailure: 0 })
    await fc.assert(fc.asyncProperty(operations, async (operation) => {
      requests.length = 0
      const answer = await ours(operation, send)
      fc.pre(answer !== 'tooCostly')
      const asked = requests.splice(0).length
      assert.deepEqual(answer, await reference(operation, send))
      const askedByReference = requests.splice(0).length
      assert.ok(asked <= askedByReference, `${asked} requests, the reference makes ${askedByReference}`)
    }), runs)
  })

  test(`failing fields on ${name} make the same nulls and errors as in the reference executor`, async () => {
    const { send } = generatedSubgraphs(subgraphs, { ofNull: 0.15, ofFailure: 0.02 })
    await fc.assert(fc.asyncProperty(operations, async (operation) => {
      const answer = await ours(operation, send)
      fc.pre(answer !== 'tooCostly')
      assert.deepEqual(answer, await reference(operation, send))
    }), runs)
  })
}

test('entity fetches of one level to one service are one request', async () => {
  const { sdl, subgraphs } = shop()
  const { ours, reference } = executors(sdl)
  const { send, requests } = generatedSubgraphs(subgraphs, { ofNull: 0, ofFailure: 0 })
  const operation = { text: '{ product { shipping parts { shipping } } products { shipping } }', variables: { yes: false, no: false } }
  await ours(operation, send)
  assert.deepEqual(requests.splice(0), ['products', 'logistics'])
  await reference(operation, send)
  assert.deepEqual(requests, ['products', 'logistics', 'logistics', 'logistics'])
})

// where the reference executor is wrong, each case on its own

const asked = async ({ sdl, subgraphs }: Composed, text: string, variables = { yes: false, no: false }) => {
  const { ours, reference } = executors(sdl)
  const { send } = generatedSubgraphs(subgraphs, { ofNull: 0, ofFailure: 0 })
  return { ours: (await ours({ text, variables }, send)) as { data: any; errors: readonly string[] }, reference: (await reference({ text, variables }, send)) as { data: any } }
}

test("a field asked for with arguments does not meet the same field as another one requires it", async () => {
  const alone = await asked(shop(), '{ product { shipping } }')
  const both = await asked(shop(), '{ product { price(currency: EUR) shipping } }')
  const euros = await asked(shop(), '{ product { price(currency: EUR) } }')
  assert.deepEqual(both.ours.data.product, { ...euros.ours.data.product, ...alone.ours.data.product })
})

test('a field named by its client as a key or a required field is not taken for it', async () => {
  const plain = await asked(shop(), '{ product { sku size { unit } shipping reviews { text } label } }')
  const { sku, size, ...rest } = plain.ours.data.product
  assert.ok(rest.shipping !== null && rest.reviews.length > 0)
  const renamed = await asked(shop(), '{ product { id: sku weight: sku __typename: sku size { width: unit } shipping reviews { text } label } }')
  assert.deepEqual(renamed.ours.data.product, { ...rest, id: sku, weight: sku, __typename: sku, size: { width: size.unit } })
  assert.notDeepEqual(renamed.reference.data, renamed.ours.data)
})

test('a field left out by a condition takes no other field of its fetch with it', async () => {
  const alone = await asked(bank(), '{ account { score } }')
  const both = await asked(bank(), 'query($yes: Boolean!) { account { score headroom @include(if: $yes) { currency } } }')
  assert.notEqual(alone.ours.data.account.score, null)
  assert.deepEqual(both.ours.data, alone.ours.data)
})

test("an entity keeps its type when an interface object adds to it", async () => {
  const { ours } = await asked(library(), '{ search { __typename ... on Film { score comments { text } } ... on Book { score comments { text } } } }')
  const names = (ours.data.search as { __typename: string }[]).map(({ __typename }) => __typename)
  assert.ok(names.length > 0 && names.every((name) => ['Film', 'Book', 'Person'].includes(name)), names.join())
})

test('what is @inaccessible is neither asked for nor answered', async () => {
  const { graph, ours } = executors(bank().sdl)
  assert.deepEqual((graph.schema.getType('Grade') as GraphQLEnumType).getValues().map(({ name }) => name), ['A', 'B'])
  const { data, errors } = (await ours({ text: '{ account { owner { grade } } }', variables: { yes: false, no: false } }, async (service, body) =>
    service === 'accounts' ? { data: { account: { owner: { __typename: 'Customer', id: 'id-1' } } } }
    : service === 'risks' ? { data: { _entities: [{ watched: true }] } }
    : body.includes('grade') ? { data: { _entities: [{ grade: 'C' }] } } : { data: null })) as { data: any; errors: readonly string[] }
  assert.deepEqual([data, errors], [{ account: { owner: { grade: null } } }, ['account.owner.grade INVALID_SUBGRAPH_RESPONSE']])
})
