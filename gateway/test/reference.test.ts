import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { ROUTER_SUPPORTED_SUPERGRAPH_FEATURES, Supergraph, operationFromDocument } from '@apollo/federation-internals'
import { buildOperationContext, executeQueryPlan, type ServiceMap } from '@apollo/gateway'
import { QueryPlanner } from '@apollo/query-planner'
import fc from 'fast-check'
import { parse, validate, type GraphQLError } from 'graphql'
import type { Actor } from '@pharmagraph/platform/actor.ts'
import type { Send } from '../src/execution/execute.ts'
import { buildGraph } from '../src/supergraph/graph.ts'
import { Operations } from '../src/operations/operations.ts'
import { operations as generated, type GeneratedOperation } from './support/generated-operations.ts'
import { generatedSubgraphs } from './support/generated-subgraphs.ts'

const sdl = readFileSync(resolve(import.meta.dirname, '../../schema/supergraph.graphql'), 'utf8')
const graph = buildGraph(sdl)
const supergraph = Supergraph.build(sdl, { supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES })
const planner = new QueryPlanner(supergraph)
const apiSchema = supergraph.apiSchema()
const everybody: Actor = { subject: 'everybody', roles: ['patient', 'caregiver', 'prescriber', 'technician', 'pharmacist', 'pharmacist-in-charge', 'inventory', 'driver', 'support', 'compliance', 'partner', 'system'], scopes: [], amr: [] }
const quiet = { debug() {}, info() {}, warn() {}, error() {} }

/** What a subgraph's error without a code is called, here and there. */
const uncoded = ['INTERNAL', 'DOWNSTREAM_SERVICE_ERROR']

type Result = { data: unknown; errors: string[] }

/**
 * The nulls that errors explain, with the codes given. Not the errors themselves: of several failures that make the
 * same null a subgraph tells the first it meets, and the order of fields in a fetch is the planner's own.
 */
function told(data: unknown, errors: readonly GraphQLError[] = []): string[] {
  const places = errors.map(({ path = [], extensions }) => {
    let at = data
    const way: (string | number)[] = []
    for (const key of path) {
      if (at === null || at === undefined) break
      way.push(key)
      at = (at as Record<string | number, unknown>)[key]
    }
    const code = String(extensions['code'])
    return `${way.join('.')} ${uncoded.includes(code) ? '' : code}`
  })
  return [...new Set(places)].sort()
}

async function ours({ text, variables }: GeneratedOperation, send: Send): Promise<Result> {
  const { data, errors } = await new Operations(graph).fromText(text).execute({ actor: everybody, send }, variables)
  return { data, errors: told(data, errors) }
}

async function reference({ text, variables }: GeneratedOperation, send: Send): Promise<Result> {
  const document = parse(text)
  const plan = planner.buildQueryPlan(operationFromDocument(apiSchema, document))
  const services: ServiceMap = Object.fromEntries(supergraph.subgraphsMetadata().map(({ name }) => [name, {
    process: ({ request }) => send(name, JSON.stringify({ query: request.query, variables: request.variables }), true) as never,
  }]))
  const operationContext = buildOperationContext({ schema: graph.schema, operationDocument: document })
  const context = { request: { query: text, variables }, logger: quiet, context: {}, metrics: {} }
  const { data, errors } = await executeQueryPlan(plan, services, context as never, operationContext, graph.fullSchema, apiSchema)
  return { data: JSON.parse(JSON.stringify(data ?? null)) as unknown, errors: told(data, errors) }
}

const runs = { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 150), interruptAfterTimeLimit: 30_000 }

test('generated operations are valid and reach several services', async () => {
  const seen = new Set<string>()
  const { send, requests } = generatedSubgraphs({ ofNull: 0.1, ofFailure: 0 })
  await fc.assert(fc.asyncProperty(generated(graph.schema), async (operation) => {
    assert.deepEqual(validate(graph.schema, parse(operation.text)), [])
    await ours(operation, send)
    for (const service of requests.splice(0)) seen.add(service)
  }), { ...runs, numRuns: 30 })
  assert.ok(seen.size >= 5, `only ${[...seen]} were asked`)
})

test('any operation is answered as by the reference executor', async () => {
  const { send } = generatedSubgraphs({ ofNull: 0.15, ofFailure: 0 })
  await fc.assert(fc.asyncProperty(generated(graph.schema), async (operation) => assert.deepEqual(await ours(operation, send), await reference(operation, send))), runs)
})

test('failing fields make the same nulls and errors as in the reference executor', async () => {
  const { send } = generatedSubgraphs({ ofNull: 0.15, ofFailure: 0.02 })
  await fc.assert(fc.asyncProperty(generated(graph.schema), async (operation) => assert.deepEqual(await ours(operation, send), await reference(operation, send))), runs)
})

test('it never asks a service more often than the reference executor', async () => {
  const { send, requests } = generatedSubgraphs({ ofNull: 0.15, ofFailure: 0 })
  let [own, theirs] = [0, 0]
  await fc.assert(fc.asyncProperty(generated(graph.schema), async (operation) => {
    await ours(operation, send)
    const asked = requests.splice(0).length
    await reference(operation, send)
    const askedByReference = requests.splice(0).length
    assert.ok(asked <= askedByReference, `${asked} requests, the reference makes ${askedByReference}`)
    own += asked
    theirs += askedByReference
  }), runs)
  assert.ok(own < theirs, 'some requests are merged')
})
