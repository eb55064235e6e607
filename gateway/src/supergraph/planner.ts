/** Apollo's planner for one supergraph: the same on the gateway's own thread and on those of planning.ts. */
import { ROUTER_SUPPORTED_SUPERGRAPH_FEATURES, Supergraph, operationFromDocument } from '@apollo/federation-internals'
import { QueryPlanner, type QueryPlan } from '@apollo/query-planner'
import { Kind, type DocumentNode, type OperationDefinitionNode } from 'graphql'

/** Plans an operation without fragment spreads; takes 1 to 50 ms where nobody means harm. `on`: labels of `@override` that are on. */
export type Plan = (operation: OperationDefinitionNode, on?: readonly string[]) => QueryPlan

/**
 * Of so many ways to answer an operation the best is taken. The planner's own limit of 10,000 takes it ten seconds over
 * nested interface objects, for plans of the same size; the persisted operations of the pharmacy have one way each.
 */
const maxEvaluatedPlans = 200

/** Throws where the document is no supergraph. */
export const readSupergraph = (document: DocumentNode): Supergraph => Supergraph.build(document, { supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES })

/** `labels`: all that the supergraph has. */
export function createPlanner(supergraph: Supergraph, labels: readonly string[]): Plan {
  const schema = supergraph.apiSchema()
  const planner = new QueryPlanner(supergraph, { incrementalDelivery: { enableDefer: true }, debug: { maxEvaluatedPlans } })
  return (operation, on = []) =>
    planner.buildQueryPlan(operationFromDocument(schema, { kind: Kind.DOCUMENT, definitions: [operation] }, { validate: false }), {
      overrideConditions: new Map(labels.map((label) => [label, on.includes(label)])),
    })
}
