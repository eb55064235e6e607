/** The same operation through this executor and through `executeQueryPlan` of @apollo/gateway. */
import { ROUTER_SUPPORTED_SUPERGRAPH_FEATURES, Supergraph, operationFromDocument } from '@apollo/federation-internals'
import { buildOperationContext, executeQueryPlan, type ServiceMap } from '@apollo/gateway'
import { QueryPlanner } from '@apollo/query-planner'
import { Kind, isInterfaceType, parse, print, visit, type DirectiveNode, type DocumentNode, type FieldNode, type FragmentSpreadNode, type GraphQLError, type InlineFragmentNode } from 'graphql'
import type { Actor } from '@pharmagraph/platform/actor.ts'
import { fromBytes, toBytes } from '../../src/execution/bytes.ts'
import type { Send } from '../../src/execution/execute.ts'
import type { SubgraphData } from '../../src/execution/subgraphs.ts'
import { buildGraph, type Graph } from '../../src/supergraph/graph.ts'
import { Operations } from '../../src/operations/operations.ts'
import type { GeneratedOperation } from './generated-operations.ts'

export const everybody: Actor = { subject: 'everybody', roles: ['patient', 'caregiver', 'prescriber', 'technician', 'pharmacist', 'pharmacist-in-charge', 'inventory', 'driver', 'support', 'compliance', 'partner', 'system'], scopes: [], amr: [] }
const quiet = { debug() {}, info() {}, warn() {}, error() {} }

/** What a subgraph's error without a code is called, here and there. */
const uncoded = ['INTERNAL', 'DOWNSTREAM_SERVICE_ERROR']

export type Result = { readonly data: unknown; readonly errors: readonly string[] }
export type Executors = {
  readonly graph: Graph
  /** `tooCostly` where the operation is refused for what it may return. */
  ours(operation: GeneratedOperation, send: Send): Promise<Result | 'tooCostly'>
  reference(operation: GeneratedOperation, send: Send): Promise<Result>
}

/**
 * The nulls that errors explain, with the codes given. Not the errors themselves: of several failures that make the
 * same null a subgraph tells the first it meets, and the order of fields in a fetch is the planner's own.
 */
function told(data: unknown, errors: readonly GraphQLError[] = []): string[] {
  const places = errors.map(({ path = [], extensions }) => {
    let at = data
    const way: (string | number)[] = []
    for (const key of path) {
      // what was fetched for a key or a requirement only is not in the answer
      if (typeof at !== 'object' || at === null || !(key in at)) break
      way.push(key)
      at = (at as Record<string | number, unknown>)[key]
    }
    const code = String(extensions['code'])
    return `${way.join('.')} ${uncoded.includes(code) ? '' : code}`
  })
  return [...new Set(places)].sort()
}

export function resolveConditions(document: DocumentNode, variables: Readonly<Record<string, unknown>>): DocumentNode {
  const leftOut = (node: { readonly directives?: readonly DirectiveNode[] }): boolean =>
    (node.directives ?? []).some(({ name, arguments: [condition] = [] }) => {
      const holds = condition?.value.kind === Kind.VARIABLE && variables[condition.value.name.value] === true
      return name.value === 'skip' ? holds : !holds
    })
  const resolve = <Node extends FieldNode | InlineFragmentNode | FragmentSpreadNode>(node: Node): Node | null => (leftOut(node) ? null : { ...node, directives: [] })
  const resolved = visit(document, { Field: { enter: resolve }, InlineFragment: { enter: resolve }, FragmentSpread: { enter: resolve } })
  // the printed text is what makes nodes of equal content equal
  return parse(print(resolved))
}

export function executors(sdl: string): Executors {
  const graph = buildGraph(sdl)
  const supergraph = Supergraph.build(sdl, { supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES })
  const planner = new QueryPlanner(supergraph)
  const apiSchema = supergraph.apiSchema()
  return {
    graph,
    async ours({ text, variables }, send) {
      const prepared = new Operations(graph).fromText(text)
      try {
        const { body } = await prepared.respond({ actor: everybody, send }, variables)
        const { data, errors } = JSON.parse(body) as { data: unknown; errors?: GraphQLError[] }
        return { data, errors: told(data, errors) }
      } catch (error) {
        if ((error as GraphQLError).extensions?.['code'] === 'OPERATION_TOO_COSTLY') return 'tooCostly'
        throw error
      }
    },
    async reference({ text, variables }, send) {
      // conditions that share a fetch make the reference forget fields: it gets the operation as they leave it
      const document = resolveConditions(parse(text), variables)
      const plan = planner.buildQueryPlan(operationFromDocument(apiSchema, document))
      const services: ServiceMap = Object.fromEntries(supergraph.subgraphsMetadata().map(({ name }) => [name, {
        process: async ({ request }) => {
          const sent = await send(name, toBytes(JSON.stringify({ query: request.query, variables: request.variables })), true)
          const answer = 'text' in sent ? (JSON.parse(fromBytes(sent.text)) as SubgraphData) : sent
          // it takes an interface object's own name for the type of an entity that it knows better already
          for (const entity of (answer.data?.['_entities'] as ({ __typename?: string } | null)[] | undefined) ?? []) {
            if (isInterfaceType(graph.schema.getType(entity?.__typename ?? ''))) delete entity!.__typename
          }
          return answer as never
        },
      }]))
      const operationContext = buildOperationContext({ schema: graph.schema, operationDocument: document })
      const context = { request: { query: text, variables }, logger: quiet, context: {}, metrics: {} }
      const { data, errors } = await executeQueryPlan(plan, services, context as never, operationContext, graph.fullSchema, apiSchema)
      return { data: JSON.parse(JSON.stringify(data ?? null)) as unknown, errors: told(data, errors) }
    },
  }
}
