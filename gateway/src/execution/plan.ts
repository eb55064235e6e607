/** A query plan made ready to run: everything that does not depend on the request is worked out once. */
import {
  getResponseName, type FetchDataRewrite, type FetchNode, type PlanNode, type QueryPlanSelectionNode,
} from '@apollo/query-planner'
import { Kind, parse, isAbstractType, isInterfaceType, isObjectType, type GraphQLSchema, type SelectionSetNode } from 'graphql'

export type Step =
  | { readonly kind: 'sequence' | 'parallel'; readonly steps: readonly Step[] }
  | { readonly kind: 'fetch'; readonly fetch: Fetch }

export type Fetch = {
  readonly service: string
  readonly idempotent: boolean
  /** Where in the answer the fetched objects are; '@' goes through a list. */
  readonly path: readonly string[]
  /** The request up to its variables. */
  readonly head: string
  readonly variables: readonly string[]
  /** For an entity fetch: makes the representation of one object, undefined where the object is not of a wanted type. */
  readonly represent?: (source: Record<string, unknown>) => Record<string, unknown> | undefined
  readonly fixInput: Rewrite | undefined
  readonly fixOutput: Rewrite | undefined
  /** Response keys of the fetched fields, to say what is missing when the fetch fails. */
  readonly keys: readonly string[]
}
type Rewrite = (value: unknown) => void

export function compilePlan(node: PlanNode, schema: GraphQLSchema, path: readonly string[] = []): Step {
  switch (node.kind) {
    case 'Sequence':
    case 'Parallel':
      return { kind: node.kind === 'Sequence' ? 'sequence' : 'parallel', steps: node.nodes.map((child) => compilePlan(child, schema, path)) }
    case 'Flatten':
      return compilePlan(node.node, schema, [...path, ...node.path.map(String)])
    case 'Fetch':
      return { kind: 'fetch', fetch: compileFetch(node, schema, path) }
    default:
      // conditions are resolved before planning, and @defer is not offered
      throw new Error(`the plan has a ${node.kind} node, which the gateway does not run`)
  }
}

function compileFetch(node: FetchNode, schema: GraphQLSchema, path: readonly string[]): Fetch {
  const { requires } = node
  const operationName = node.operationName === undefined ? '' : `"operationName":${JSON.stringify(node.operationName)},`
  return {
    service: node.serviceName,
    idempotent: node.operationKind === 'query',
    path,
    head: `{"query":${JSON.stringify(node.operation)},${operationName}"variables":`,
    variables: node.variableUsages ?? [],
    ...(requires && { represent: (source: Record<string, unknown>) => represent(schema, requires, source) }),
    fixInput: compileRewrites(schema, node.inputRewrites),
    fixOutput: compileRewrites(schema, node.outputRewrites),
    keys: fetchedKeys(node.operation, requires !== undefined),
  }
}

function fetchedKeys(operation: string, entities: boolean): string[] {
  const [definition] = parse(operation, { noLocation: true }).definitions
  if (definition?.kind !== Kind.OPERATION_DEFINITION) return []
  const keys = new Set<string>()
  const collect = (set: SelectionSetNode | undefined): void => {
    for (const selection of set?.selections ?? []) {
      if (selection.kind === Kind.FIELD) keys.add(selection.alias?.value ?? selection.name.value)
      else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet)
    }
  }
  const [root] = definition.selectionSet.selections
  collect(entities && root?.kind === Kind.FIELD ? root.selectionSet : definition.selectionSet)
  keys.delete('__typename')
  return [...keys]
}

function represent(schema: GraphQLSchema, selections: readonly QueryPlanSelectionNode[], source: Record<string, unknown>): Record<string, unknown> | undefined {
  const representation = pick(schema, selections, source)
  return representation?.['__typename'] === undefined ? undefined : representation
}

/** Undefined when a required field is missing: then the entity cannot be asked for. */
function pick(schema: GraphQLSchema, selections: readonly QueryPlanSelectionNode[], source: Record<string, unknown>): Record<string, unknown> | undefined {
  const picked: Record<string, unknown> = {}
  for (const selection of selections) {
    if (selection.kind === 'Field') {
      const key = getResponseName(selection)
      const value = source[key]
      if (value === undefined) return undefined
      const inner = selection.selections
      const pickOne = (item: unknown): unknown => (inner && typeof item === 'object' && item !== null ? (Array.isArray(item) ? item.map(pickOne) : pick(schema, inner, item as Record<string, unknown>)) : item)
      const result = Array.isArray(value) ? value.map(pickOne) : pickOne(value)
      picked[key] = result === undefined ? null : result
    } else if (selection.typeCondition && isOfType(schema, source['__typename'], selection.typeCondition)) {
      const inner = pick(schema, selection.selections, source)
      if (inner) merge(picked, inner)
    }
  }
  return picked
}

function isOfType(schema: GraphQLSchema, typename: unknown, condition: string): boolean {
  if (typename === condition) return true
  if (typeof typename !== 'string') return false
  const type = schema.getType(typename)
  const conditional = schema.getType(condition)
  return isAbstractType(conditional) && (isObjectType(type) || isInterfaceType(type)) && schema.isSubType(conditional, type)
}

/** Merges what a subgraph sent into what is there; nested objects and lists of the same length are merged, not replaced. */
export function merge(target: Record<string, unknown>, source: Record<string, unknown>): void {
  for (const key in source) {
    const incoming = source[key]
    const present = target[key]
    if (incoming === undefined) continue
    if (present === undefined || present === null || incoming === null || typeof incoming !== 'object' || typeof present !== 'object') target[key] = incoming
    else if (!Array.isArray(incoming)) merge(present as Record<string, unknown>, incoming as Record<string, unknown>)
    else if (Array.isArray(present) && present.length === incoming.length) mergeLists(present, incoming)
    else target[key] = incoming
  }
}

function mergeLists(target: unknown[], source: unknown[]): void {
  for (let index = 0; index < source.length; index++) {
    const incoming = source[index]
    const present = target[index]
    if (incoming !== null && present !== null && typeof incoming === 'object' && typeof present === 'object') {
      if (Array.isArray(incoming)) mergeLists(present as unknown[], incoming)
      else merge(present as Record<string, unknown>, incoming as Record<string, unknown>)
    } else {
      target[index] = incoming
    }
  }
}

/** The planner's rewrites: a field set on the way in (interface objects), or renamed on the way out (conflicting aliases). */
function compileRewrites(schema: GraphQLSchema, rewrites: readonly FetchDataRewrite[] | undefined): Rewrite | undefined {
  if (!rewrites?.length) return undefined
  return (value) => {
    for (const rewrite of rewrites) {
      const last = rewrite.path.at(-1)
      if (last === undefined) continue
      forEachAt(schema, rewrite.path.slice(0, -1), value, (object) => {
        if (rewrite.kind === 'ValueSetter') {
          object[last] = rewrite.setValueTo
        } else if (object[last] !== undefined) {
          object[rewrite.renameKeyTo] = object[last]
          delete object[last]
        }
      })
    }
  }
}

const fragmentPrefix = '... on '

function forEachAt(schema: GraphQLSchema, path: readonly string[], value: unknown, apply: (object: Record<string, unknown>) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) forEachAt(schema, path, item, apply)
    return
  }
  if (typeof value !== 'object' || value === null) return
  const object = value as Record<string, unknown>
  const [first, ...rest] = path
  if (first === undefined) apply(object)
  else if (!first.startsWith(fragmentPrefix)) forEachAt(schema, rest, object[first], apply)
  else if (object['__typename'] === undefined || isOfType(schema, object['__typename'], first.slice(fragmentPrefix.length))) forEachAt(schema, rest, object, apply)
}
