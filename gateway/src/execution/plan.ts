/** A query plan made ready to run: everything that does not depend on the request is worked out once. */
import {
  getResponseName, type FetchDataRewrite, type FetchNode, type PlanNode, type QueryPlanSelectionNode,
} from '@apollo/query-planner'
import {
  Kind, isAbstractType, isInterfaceType, isObjectType, parse, print, stripIgnoredCharacters, visit,
  type ArgumentNode, type ASTNode, type FieldNode, type GraphQLSchema, type OperationDefinitionNode, type SelectionNode, type SelectionSetNode, type VariableDefinitionNode,
} from 'graphql'
import { quote } from './text.ts'

export type Step =
  | { readonly kind: 'sequence' | 'parallel'; readonly steps: readonly Step[] }
  | { readonly kind: 'fetch'; readonly fetch: Fetch }
  /** Entity fetches to one service, sent as one request. */
  | { readonly kind: 'merged'; readonly fetches: readonly Fetch[]; readonly head: string; readonly variables: readonly string[] }

export type Fetch = {
  readonly service: string
  readonly idempotent: boolean
  /** Where in the answer the fetched objects are; '@' goes through a list. */
  readonly path: readonly string[]
  readonly operation: OperationDefinitionNode
  /** The request up to its variables. */
  readonly head: string
  readonly variables: readonly string[]
  /** For an entity fetch: what its representations are made of. */
  readonly requires?: readonly QueryPlanSelectionNode[]
  /** For an entity fetch: the representation of one object as JSON, undefined where the object is not of a wanted type. */
  readonly represent?: Represent
  /** Representations are changed by the planner's rewrites. */
  readonly rewritten: boolean
  /** The interface that the entities are asked as: where an answer names it for a type, the type known so far is better. */
  readonly asInterface: string | undefined
  readonly fixOutput: Rewrite | undefined
  readonly contexts: Contexts | undefined
  /** Each object gets a copy of its entity: one that stands in two places may hold different answers there. */
  readonly copies: boolean
  /** Response keys of the fetched fields, to say what is missing when the fetch fails. */
  readonly keys: readonly string[]
}
/** Variables of an entity fetch that are read from the objects around each entity (`@fromContext`). */
export type Contexts = {
  readonly names: readonly string[]
  /** Their values, undefined where there is none. `around`: the objects from the root to the entity. */
  readonly read: (around: readonly Record<string, unknown>[]) => readonly unknown[]
  /** The request for so many groups of entities, each with its own values: as of a merged step. */
  readonly head: (groups: number) => string
}
type Rewrite = (value: unknown) => void
type Represent = (source: Record<string, unknown>) => string | undefined

/** `copies`: some fetch of the operation, if only of another part of it, reads contexts. */
export function compilePlan(node: PlanNode, schema: GraphQLSchema, copies = readsContexts(node), path: readonly string[] = []): Step {
  switch (node.kind) {
    case 'Sequence':
      return { kind: 'sequence', steps: node.nodes.map((child) => compilePlan(child, schema, copies, path)) }
    case 'Parallel':
      return mergeHeads(node.nodes.map((child) => compilePlan(child, schema, copies, path)))
    case 'Flatten':
      return compilePlan(node.node, schema, copies, [...path, ...node.path.map(String)])
    case 'Fetch':
      return { kind: 'fetch', fetch: compileFetch(node, schema, copies, path) }
    default:
      // conditions are resolved before planning, and @defer is not offered
      throw new Error(`the plan has a ${node.kind} node, which the gateway does not run`)
  }
}

/** Whether some field's argument comes from an object further up, anywhere in the plan. */
export function readsContexts(node: PlanNode): boolean {
  switch (node.kind) {
    case 'Sequence':
    case 'Parallel':
      return node.nodes.some(readsContexts)
    case 'Flatten':
      return readsContexts(node.node)
    case 'Fetch':
      return node.contextRewrites !== undefined
    case 'Defer':
      return [node.primary.node, ...node.deferred.map((part) => part.node)].some((part) => part !== undefined && readsContexts(part))
    case 'Condition':
      return [node.ifClause, node.elseClause].some((clause) => clause !== undefined && readsContexts(clause))
  }
}

/**
 * Branches that start with an entity fetch from the same service start with one request together: the planner's plans
 * are wide, and a request costs more than what is in it. What follows a fetch in its branch follows the request.
 */
function mergeHeads(branches: readonly Step[]): Step {
  const groups = new Map<string, { heads: Fetch[]; tails: Step[] }>()
  const others: Step[] = []
  for (const branch of branches) {
    const [head, ...tail] = branch.kind === 'sequence' ? branch.steps : [branch]
    if (head?.kind !== 'fetch' || !head.fetch.represent || head.fetch.contexts) {
      others.push(branch)
      continue
    }
    const group = groups.get(head.fetch.service) ?? { heads: [], tails: [] }
    group.heads.push(head.fetch)
    if (tail.length > 0) group.tails.push(sequence(tail))
    groups.set(head.fetch.service, group)
  }
  const merged = [...groups.values()].map(({ heads, tails }): Step => {
    const head: Step = heads.length === 1 ? { kind: 'fetch', fetch: heads[0]! } : mergeFetches(heads)
    return sequence([head, ...(tails.length > 0 ? [parallel(tails)] : [])])
  })
  return parallel([...merged, ...others])
}

const sequence = (steps: readonly Step[]): Step => (steps.length === 1 ? steps[0]! : { kind: 'sequence', steps })
const parallel = (steps: readonly Step[]): Step => (steps.length === 1 ? steps[0]! : { kind: 'parallel', steps })

/** One operation with an aliased `_entities` per fetch: `_0`, `_1` … with variables `$representations_0` … */
function mergeFetches(fetches: readonly Fetch[]): Step {
  const definitions = new Map<string, VariableDefinitionNode>()
  const selections: SelectionNode[] = []
  for (const [index, { operation }] of fetches.entries()) {
    for (const definition of operation.variableDefinitions ?? []) {
      const { value } = definition.variable.name
      const name = value === representationsVariable ? `${representationsVariable}_${index}` : value
      definitions.set(name, { ...definition, variable: { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: name } } })
    }
    const [entities] = operation.selectionSet.selections as readonly FieldNode[]
    const own: ArgumentNode = { kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: representationsVariable }, value: { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: `${representationsVariable}_${index}` } } }
    selections.push({ ...entities!, alias: { kind: Kind.NAME, value: `_${index}` }, arguments: [own] })
  }
  const merged: OperationDefinitionNode = { ...fetches[0]!.operation, variableDefinitions: [...definitions.values()], selectionSet: { kind: Kind.SELECTION_SET, selections } }
  return {
    kind: 'merged',
    fetches,
    head: headOf(stripIgnoredCharacters(print(merged)), merged.name?.value),
    variables: [...new Set(fetches.flatMap(({ variables }) => variables))],
  }
}

const representationsVariable = 'representations'
const headOf = (text: string, name: string | undefined): string =>
  `{"query":${JSON.stringify(text)},${name === undefined ? '' : `"operationName":${JSON.stringify(name)},`}"variables":`

function compileFetch(node: FetchNode, schema: GraphQLSchema, copies: boolean, path: readonly string[]): Fetch {
  const { requires } = node
  const [operation] = parse(node.operation, { noLocation: true }).definitions as readonly OperationDefinitionNode[]
  const contexts = compileContexts(node, schema)
  return {
    service: node.serviceName,
    idempotent: node.operationKind === 'query',
    path,
    operation: operation!,
    head: headOf(node.operation, node.operationName),
    variables: (node.variableUsages ?? []).filter((name) => !contexts?.names.includes(name)),
    rewritten: (node.inputRewrites?.length ?? 0) > 0,
    ...(requires && { requires, represent: compileRepresentation(schema, requires, compileRewrites(schema, node.inputRewrites)) }),
    asInterface: interfaceOf(node.inputRewrites),
    fixOutput: compileRewrites(schema, node.outputRewrites),
    contexts,
    copies,
    keys: fetchedKeys(operation!, requires !== undefined),
  }
}

/** The planner writes a context as a path from the entity: '..' goes up one field, whatever lists are between. */
function compileContexts(node: FetchNode, schema: GraphQLSchema): Contexts | undefined {
  const rewrites = node.contextRewrites
  if (!rewrites) return undefined
  const names = [...new Set(rewrites.map(({ renameKeyTo }) => renameKeyTo))]
  // with places, to cut the text at the variables that each group has for itself
  const [operation] = parse(node.operation).definitions as readonly [OperationDefinitionNode]
  const own = new Set([representationsVariable, ...names])
  const piecesOf = (part: ASTNode): string[] => {
    const ends: number[] = []
    visit(part, { Variable: ({ name, loc }) => void (own.has(name.value) && ends.push(loc!.end)) })
    return [part.loc!.start, ...ends].map((start, index) => node.operation.slice(start, ends[index] ?? part.loc!.end))
  }
  const definitions = operation.variableDefinitions ?? []
  const common = definitions.filter(({ variable }) => !own.has(variable.name.value)).flatMap(piecesOf)
  const repeated = definitions.filter(({ variable }) => own.has(variable.name.value)).map(piecesOf)
  const entities = piecesOf(operation.selectionSet.selections[0]!)
  const sources = names.map((name) =>
    rewrites.filter(({ renameKeyTo }) => renameKeyTo === name).map(({ path }) => {
      const up = path.filter((part) => part === '..').length
      return { up, path: path.slice(up) }
    }))
  return {
    names,
    // composition lets no such argument be non-null
    read: (around) =>
      sources.map((alternatives) => {
        for (const { up, path } of alternatives) {
          const value = valueAt(schema, path, around[around.length - 1 - up])
          if (value !== undefined) return value
        }
        return undefined
      }),
    head: (groups) => {
      if (groups === 1) return headOf(node.operation, node.operationName)
      const each = <T>(make: (index: number) => T): T[] => Array.from({ length: groups }, (_, index) => make(index))
      const variables = [...common, ...each((index) => repeated.map((pieces) => pieces.join(`_${index}`))).flat()].join(',')
      const text = `query ${node.operationName ?? ''}(${variables}){${each((index) => `_${index}:${entities.join(`_${index}`)}`).join(' ')}}`
      return headOf(text, node.operationName)
    },
  }
}

/** Undefined where the way does not lead there: not fetched, or an object of another type. */
function valueAt(schema: GraphQLSchema, path: readonly string[], value: unknown): unknown {
  const [first, ...rest] = path
  if (first === undefined || value === null || value === undefined) return value
  if (Array.isArray(value)) return value.map((item) => valueAt(schema, path, item))
  const object = value as Record<string, unknown>
  if (!first.startsWith(fragmentPrefix)) return valueAt(schema, rest, object[first])
  return isOfType(schema, object['__typename'], first.slice(fragmentPrefix.length)) ? valueAt(schema, rest, object) : undefined
}

function fetchedKeys(operation: OperationDefinitionNode, entities: boolean): string[] {
  const keys = new Set<string>()
  const collect = (set: SelectionSetNode | undefined): void => {
    for (const selection of set?.selections ?? []) {
      if (selection.kind === Kind.FIELD) keys.add(selection.alias?.value ?? selection.name.value)
      else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet)
    }
  }
  const [root] = operation.selectionSet.selections
  collect(entities && root?.kind === Kind.FIELD ? root.selectionSet : operation.selectionSet)
  keys.delete('__typename')
  return [...keys]
}

function compileRepresentation(schema: GraphQLSchema, requires: readonly QueryPlanSelectionNode[], fixInput: Rewrite | undefined): Represent {
  const general: Represent = (source) => {
    const representation = pick(schema, requires, source)
    if (representation?.['__typename'] === undefined) return undefined
    fixInput?.(representation)
    return JSON.stringify(representation)
  }
  if (fixInput) return general
  const byType = new Map<unknown, Represent>()
  return (source) => {
    const typename = source['__typename']
    let represent = byType.get(typename)
    if (!represent) byType.set(typename, (represent = flatRepresentation(schema, requires, typename) ?? general))
    return represent(source)
  }
}

/** The keys of a representation that is a few leaves of one fragment, as most are. */
export function flatKeys(schema: GraphQLSchema, requires: readonly QueryPlanSelectionNode[], typename: unknown): string[] | undefined {
  const [only, second] = requires.filter((selection) => selection.kind === 'Field' || (selection.typeCondition !== undefined && isOfType(schema, typename, selection.typeCondition)))
  if (!only || second || only.kind !== 'InlineFragment') return undefined
  const keys: string[] = []
  for (const selection of only.selections) {
    if (selection.kind !== 'Field' || selection.selections?.length) return undefined
    keys.push(getResponseName(selection))
  }
  return !keys.includes('__typename') || new Set(keys).size < keys.length ? undefined : keys
}

/** Its text is put together without an object in between. */
function flatRepresentation(schema: GraphQLSchema, requires: readonly QueryPlanSelectionNode[], typename: unknown): Represent | undefined {
  const keys = flatKeys(schema, requires, typename)
  if (!keys) return undefined
  const fields = keys.map((key, index) => ({ key, prefix: `${index === 0 ? '{' : ','}${JSON.stringify(key)}:` }))
  return (source) => {
    let text = ''
    for (const { key, prefix } of fields) {
      const value = source[key]
      if (value === undefined) return undefined
      text += prefix + (typeof value === 'string' ? quote(value) : JSON.stringify(value))
    }
    return `${text}}`
  }
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

function interfaceOf(rewrites: readonly FetchDataRewrite[] = []): string | undefined {
  const setter = rewrites.find((rewrite) => rewrite.kind === 'ValueSetter' && rewrite.path.at(-1) === '__typename')
  return setter?.kind === 'ValueSetter' ? String(setter.setValueTo) : undefined
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
