/**
 * One operation, for one authorisation and one choice of its @skip/@include variables: fragments expanded, conditions
 * resolved, unauthorised fields marked. From it come the operation the planner sees and the shape the answer must have.
 */
import {
  GraphQLError, Kind, SchemaMetaFieldDef, TypeMetaFieldDef, TypeNameMetaFieldDef, getNamedType, getNullableType, isAbstractType,
  isCompositeType, isEnumType, isInterfaceType, isLeafType, isObjectType, isUnionType, visit,
  type DirectiveNode, type DocumentNode, type FieldNode, type FragmentDefinitionNode, type GraphQLCompositeType,
  type GraphQLField, type GraphQLInterfaceType, type GraphQLLeafType, type GraphQLObjectType, type GraphQLSchema, type OperationDefinitionNode, type SelectionNode, type SelectionSetNode, type ValueNode,
} from 'graphql'
import type { Denial, Requirement } from '../supergraph/rules.ts'
import type { Graph } from '../supergraph/graph.ts'

/** More selections than any screen needs once fragments are expanded; guards against fragments that multiply. */
const maxSelections = 5_000

export type SelectedField = {
  readonly kind: 'field'
  readonly key: string
  /** Under which name the services are asked for it. */
  readonly source: string
  readonly node: FieldNode
  readonly definition: GraphQLField<unknown, unknown>
  readonly parent: GraphQLCompositeType
  readonly denied?: Denial
  readonly selections: readonly Selected[]
}
/** `deferred`: what it gives may come after the rest; `id` is its own in the operation. */
export type SelectedFragment = { readonly kind: 'fragment'; readonly on: GraphQLCompositeType; readonly selections: readonly Selected[]; readonly deferred?: Deferral }
export type Deferral = { readonly id: string; readonly label?: string }
export type Selected = SelectedField | SelectedFragment

export type Decide = {
  /** Undefined when the caller fulfils the requirement. */
  readonly denial: (requirement: Requirement) => Denial | undefined
  readonly variable: (name: string) => boolean
  /** Whether the client takes parts of the answer later; else `@defer` means nothing. */
  readonly incremental?: boolean
}

/** Fragments by name, and the operation, of a validated document. */
export type Parsed = { readonly operation: OperationDefinitionNode; readonly fragments: ReadonlyMap<string, FragmentDefinitionNode> }

export function parsedOperation(document: DocumentNode, operationName: string | undefined): Parsed {
  const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION)
  const operation = operationName === undefined ? operations[0] : operations.find((node) => node.name?.value === operationName)
  if (!operation) throw new GraphQLError(`there is no operation "${operationName ?? ''}" in the document`, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } })
  if (operationName === undefined && operations.length > 1) {
    throw new GraphQLError('the document has several operations: name one in operationName', { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } })
  }
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION)
  return { operation, fragments: new Map(fragments.map((node) => [node.name.value, node])) }
}

/** All requirements that touch a document, each once, so that an actor's authorisation can be told by a few bits. */
export function requirementsOf(parsed: Parsed, graph: Graph): Requirement[] {
  const found = new Set<Requirement>()
  select(parsed, graph, { denial: (requirement) => void found.add(requirement), variable: () => true }, true)
  return [...found]
}

/** Names of the variables that @skip, @include and @defer read. */
export function conditionVariables({ operation, fragments }: Parsed): string[] {
  const names = new Set<string>()
  const visit = (set: SelectionSetNode | undefined): void => {
    for (const node of set?.selections ?? []) {
      for (const directive of node.directives ?? []) {
        const value = isCondition(directive) || isDefer(directive) ? conditionOf(directive) : undefined
        if (value?.kind === Kind.VARIABLE) names.add(value.name.value)
      }
      if (node.kind !== Kind.FRAGMENT_SPREAD) visit(node.selectionSet)
    }
  }
  visit(operation.selectionSet)
  for (const fragment of fragments.values()) visit(fragment.selectionSet)
  return [...names].sort()
}

const isCondition = (directive: DirectiveNode): boolean => directive.name.value === 'skip' || directive.name.value === 'include'
const isDefer = (directive: DirectiveNode): boolean => directive.name.value === 'defer'
const conditionOf = (directive: DirectiveNode): ValueNode | undefined => directive.arguments?.find(({ name }) => name.value === 'if')?.value

/** Whether a part of the operation may come later. */
export function hasDefer({ operation, fragments }: Parsed): boolean {
  let found = false
  const look = { Directive: (directive: DirectiveNode) => void (found ||= isDefer(directive)) }
  if (operation.operation !== 'subscription') for (const node of [operation, ...fragments.values()]) visit(node, look)
  return found
}

/** Expands, resolves and marks. `everything` ignores conditions, to see all that could be asked. */
export function select(parsed: Parsed, graph: Graph, decide: Decide, everything = false): Selected[] {
  const { schema } = graph
  const root = schema.getRootType(parsed.operation.operation)
  if (!root) throw new GraphQLError(`the schema has no ${parsed.operation.operation}s`, { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } })
  let count = 0
  let deferrals = 0

  const included = (node: SelectionNode): boolean =>
    everything ||
    (node.directives ?? []).every((directive) => {
      if (!isCondition(directive)) return true
      return directive.name.value === 'skip' ? !holds(directive) : holds(directive)
    })

  const holds = (directive: DirectiveNode): boolean => {
    const value = conditionOf(directive)
    return value?.kind === Kind.VARIABLE ? decide.variable(value.name.value) : value?.kind === Kind.BOOLEAN && value.value
  }

  const deferralOf = ({ directives = [] }: SelectionNode): Deferral | undefined => {
    const directive = decide.incremental ? directives.find(isDefer) : undefined
    if (!directive || (conditionOf(directive) && !holds(directive))) return undefined
    const label = directive.arguments?.find(({ name }) => name.value === 'label')?.value
    return { id: `_${deferrals++}`, ...(label?.kind === Kind.STRING && { label: label.value }) }
  }

  const walk = (set: SelectionSetNode, parent: GraphQLCompositeType, denied: Denial | undefined): Selected[] =>
    set.selections.filter(included).map((node): Selected => {
      if (++count > maxSelections) {
        throw new GraphQLError(`the operation selects more than ${maxSelections} fields`, { extensions: { code: 'OPERATION_TOO_LARGE' } })
      }
      if (node.kind === Kind.FIELD) return field(node, parent, denied)
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? parsed.fragments.get(node.name.value)! : node
      const on = fragment.typeCondition ? (schema.getType(fragment.typeCondition.name.value) as GraphQLCompositeType) : parent
      const ofType = graph.rules.types.get(on.name)
      const deferred = deferralOf(node)
      return { kind: 'fragment', on, selections: walk(fragment.selectionSet, on, denied ?? (on === parent || !ofType ? undefined : decide.denial(ofType))), ...(deferred && { deferred }) }
    })

  const field = (node: FieldNode, parent: GraphQLCompositeType, inherited: Denial | undefined): SelectedField => {
    const definition = fieldOf(schema, parent, node.name.value)
    // asking for a type's name reveals nothing a union's definition does not
    const denied = definition === TypeNameMetaFieldDef ? undefined : (inherited ?? firstDenial(requirementsOfField(graph, parent, definition), decide.denial))
    const type = getNamedType(definition.type)
    const selections = node.selectionSet && isCompositeType(type) ? walk(node.selectionSet, type, undefined) : []
    const key = node.alias?.value ?? node.name.value
    const source = meetsPlanners(node.name.value, key, definition) ? `_own_${key}` : key
    return { kind: 'field', key, source, node, definition, parent, selections, ...(denied && { denied }) }
  }

  /** The planner adds keys and required fields under their own names: another field, or the same with other arguments, must not be there. */
  const meetsPlanners = (name: string, key: string, { args }: GraphQLField<unknown, unknown>): boolean =>
    (args.length > 0 && graph.plannerFields.get(name) === true) || (key !== name && (graph.plannerFields.has(key) || key.startsWith('_own_')))

  return walk(parsed.operation.selectionSet, root, undefined)
}

function findField(schema: GraphQLSchema, parent: GraphQLCompositeType, name: string): GraphQLField<unknown, unknown> | undefined {
  if (name === '__typename') return TypeNameMetaFieldDef
  if (parent === schema.getQueryType() && name === '__schema') return SchemaMetaFieldDef
  if (parent === schema.getQueryType() && name === '__type') return TypeMetaFieldDef
  return isUnionType(parent) ? undefined : parent.getFields()[name]
}

function fieldOf(schema: GraphQLSchema, parent: GraphQLCompositeType, name: string): GraphQLField<unknown, unknown> {
  const definition = findField(schema, parent, name)
  if (!definition) throw new GraphQLError(`${parent.name} has no field "${name}"`, { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } })
  return definition
}

/** Selected through an interface, a field must satisfy what any of its implementations asks for. */
function requirementsOfField(graph: Graph, parent: GraphQLCompositeType, definition: GraphQLField<unknown, unknown>): Requirement[] {
  const { types, fields } = graph.rules
  const found = [fields.get(`${parent.name}.${definition.name}`), types.get(getNamedType(definition.type).name)]
  if (isInterfaceType(parent)) {
    for (const implementation of graph.schema.getPossibleTypes(parent)) {
      found.push(types.get(implementation.name), fields.get(`${implementation.name}.${definition.name}`))
    }
  }
  return found.filter((requirement) => requirement !== undefined)
}

function firstDenial(requirements: Requirement[], denial: Decide['denial']): Denial | undefined {
  let first: Denial | undefined
  for (const requirement of requirements) first ??= denial(requirement)
  return first
}

/** The operation for the planner: what is denied is left out; undefined when nothing is left to ask. */
export function plannable(operation: OperationDefinitionNode, selections: readonly Selected[]): OperationDefinitionNode | undefined {
  const set = plannableSet(selections)
  if (set.length === 0) return undefined
  return { ...operation, directives: [], selectionSet: { kind: Kind.SELECTION_SET, selections: set } }
}

const typenameNode: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } }

function plannableSet(selections: readonly Selected[]): SelectionNode[] {
  return selections.flatMap((selected): SelectionNode[] => {
    if (selected.kind === 'fragment') {
      const inner = plannableSet(selected.selections)
      if (inner.length === 0) return []
      const typeCondition = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: selected.on.name } } as const
      const { deferred } = selected
      // for the planner each has a label of its own
      const defer = deferred && { kind: Kind.DIRECTIVE, name: { kind: Kind.NAME, value: 'defer' }, arguments: [{ kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: 'label' }, value: { kind: Kind.STRING, value: deferred.id } }] } as const
      return [{ kind: Kind.INLINE_FRAGMENT, typeCondition, ...(defer && { directives: [defer] }), selectionSet: { kind: Kind.SELECTION_SET, selections: inner } }]
    }
    // introspection is answered here, from the schema that clients see
    if (selected.denied || isIntrospection(selected)) return []
    const { selectionSet, ...asked } = selected.node
    const node = selected.source === selected.key ? asked : { ...asked, alias: { kind: Kind.NAME, value: selected.source } as const }
    if (!selectionSet) return [{ ...node, directives: [] }]
    const inner = plannableSet(selected.selections)
    return [{ ...node, directives: [], selectionSet: { kind: Kind.SELECTION_SET, selections: inner.length > 0 ? inner : [typenameNode] } }]
  })
}

export const isIntrospection = ({ node }: SelectedField): boolean => node.name.value === '__schema' || node.name.value === '__type'

/** What an object of one concrete type must have in the answer, in the order of the operation. */
export type FieldShape = {
  readonly key: string
  readonly source: string
  readonly definition: GraphQLField<unknown, unknown>
  readonly denied?: Denial
  readonly isTypename: boolean
  readonly isIntrospection: boolean
  /** Present for fields of composite types. */
  readonly shape?: Shape
  /** Present for leaves that are no list: whether a value is of the field's type. */
  readonly fits?: (value: unknown) => boolean
}
export type Shape = { readonly type: GraphQLCompositeType; readonly fieldsOf: (typename: string) => readonly FieldShape[] }

/** The type of an object of the answer; undefined where it cannot be told. */
export function typenameOf({ type }: Shape, source: Readonly<Record<string, unknown>>): string | undefined {
  if (isObjectType(type)) return type.name
  const given = source['__typename']
  return typeof given === 'string' ? given : isInterfaceType(type) ? type.name : undefined
}

/** Compiles, per concrete type on first sight, which fields apply: CollectFields of the GraphQL specification. */
export function shapeOf(schema: GraphQLSchema, type: GraphQLCompositeType, selections: readonly Selected[]): Shape {
  const byType = new Map<string, readonly FieldShape[]>()
  return {
    type,
    fieldsOf(typename) {
      let fields = byType.get(typename)
      if (!fields) {
        const known = schema.getType(typename)
        // where the concrete type makes no difference, the planner does not ask an interface object for it
        fields = isObjectType(known) || isInterfaceType(known) ? fieldShapes(schema, known, selections) : []
        byType.set(typename, fields)
      }
      return fields
    },
  }
}

function fieldShapes(schema: GraphQLSchema, type: GraphQLObjectType | GraphQLInterfaceType, selections: readonly Selected[]): FieldShape[] {
  const groups = new Map<string, SelectedField[]>()
  const collect = (list: readonly Selected[]): void => {
    for (const selected of list) {
      if (selected.kind === 'field') {
        const group = groups.get(selected.key)
        if (group) group.push(selected)
        else groups.set(selected.key, [selected])
      } else if (selected.on === type || (isAbstractType(selected.on) && schema.isSubType(selected.on, type))) {
        collect(selected.selections)
      }
    }
  }
  collect(selections)
  return [...groups].map(([key, group]): FieldShape => {
    const [first] = group as [SelectedField]
    const granted = group.filter((selected) => !selected.denied)
    // the concrete type's own field may be stricter about null than the interface's
    const definition = findField(schema, type, first.node.name.value) ?? first.definition
    const named = getNamedType(definition.type)
    return {
      key,
      source: first.source,
      definition,
      isTypename: definition === TypeNameMetaFieldDef,
      isIntrospection: isIntrospection(first),
      ...(granted.length === 0 && first.denied && { denied: first.denied }),
      ...(isLeafType(getNullableType(definition.type)) && { fits: fitsLeaf(named as GraphQLLeafType) }),
      ...(isCompositeType(named) && { shape: shapeOf(schema, named, granted.flatMap((selected) => selected.selections)) }),
    }
  })
}

const isText = (value: unknown): boolean => typeof value === 'string'
const ofScalar: Readonly<Record<string, (value: unknown) => boolean>> = {
  Int: Number.isInteger,
  Float: (value) => typeof value === 'number',
  Boolean: (value) => typeof value === 'boolean',
  String: isText,
  ID: (value) => isText(value) || Number.isInteger(value),
}

/** Custom scalars are their subgraph's business; an enum value must be one that clients know. */
export const fitsLeaf = (type: GraphQLLeafType): ((value: unknown) => boolean) =>
  isEnumType(type) ? (value) => typeof value === 'string' && type.getValue(value) != null : (ofScalar[type.name] ?? (() => true))

/** The part of a fetched path that the answer has, in the client's own names: errors tell of what was asked only. */
export function longestSelectedPath(shape: Shape, path: readonly (string | number)[], schema: GraphQLSchema): (string | number)[] {
  const kept: (string | number)[] = []
  // a field of an abstract type may select differently for each concrete type: any of them may be meant
  let shapes: readonly Shape[] = [shape]
  for (const part of path) {
    if (typeof part === 'number') {
      kept.push(part)
      continue
    }
    const fields = shapes.flatMap((current) => {
      const types: readonly GraphQLObjectType[] = isObjectType(current.type) ? [current.type] : schema.getPossibleTypes(current.type)
      return types.flatMap((type) => current.fieldsOf(type.name).filter(({ source }) => source === part))
    })
    if (fields.length === 0) break
    kept.push(fields[0]!.key)
    shapes = [...new Set(fields.flatMap(({ shape }) => shape ?? []))]
  }
  return kept
}
