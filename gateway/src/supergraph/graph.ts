/** One composed supergraph, ready to plan: everything that changes when the supergraph file changes. */
import { createHash } from 'node:crypto'
import { Kind, TypeInfo, isObjectType, parse, print, valueFromASTUntyped, visit, visitWithTypeInfo, type DocumentNode, type GraphQLSchema } from 'graphql'
import { readSizes, type Sizes } from '../operations/cost.ts'
import { readLabels } from './labels.ts'
import { readLiveFields, type LiveField } from './live-fields.ts'
import { createPlanner, readSupergraph, type Plan } from './planner.ts'
import { readRules, type Rules } from './rules.ts'

/** What becomes of an operation of which a part is not for its caller: that part is null with an error, or all of it is refused. */
export type Unauthorized = 'null' | 'reject'

export type Graph = {
  /** First 12 hex digits of the SDL's SHA-256. */
  readonly version: string
  readonly sdl: string
  /** What clients see. */
  readonly schema: GraphQLSchema
  /** All types, those clients do not see included. */
  readonly fullSchema: GraphQLSchema
  readonly subgraphs: readonly { readonly name: string; readonly url: string }[]
  readonly rules: Rules
  readonly unauthorized: Unauthorized
  readonly live: ReadonlyMap<string, LiveField>
  /** Seconds a public answer may be kept, by `Type.field` or `Type`. */
  readonly maxAge: ReadonlyMap<string, number>
  /** Fields that hold health information, by `Type.field`. */
  readonly phi: ReadonlySet<string>
  readonly sizes: Sizes
  /** Names under which the planner may ask for fields of its own (keys, `@requires`, `@fromContext`); true: for some with arguments. */
  readonly plannerFields: ReadonlyMap<string, boolean>
  /** Labels of fields that are moving from one subgraph to another. */
  readonly labels: readonly string[]
  /** Interfaces that some subgraph knows as an object only, and their types: planning fields of theirs can take long. */
  readonly interfaceObjects: ReadonlySet<string>
  /** Plans at once, on this thread: operations that were reviewed, and small ones. Others are planned by planning.ts. */
  readonly plan: Plan
}

/** Throws where the SDL is no supergraph, or asks for protection the gateway does not enforce. */
export function buildGraph(sdl: string, unauthorized: Unauthorized = 'null'): Graph {
  const document = parse(sdl, { noLocation: true })
  const supergraph = readSupergraph(document)
  const features = supergraph.schema.coreFeatures
  if (!features) throw new Error('the schema is not a supergraph: it links no features')
  const rules = readRules(document, features)
  const schema = supergraph.apiSchema().toGraphQLJSSchema({ includeDefer: true })
  const fullSchema = supergraph.schema.toGraphQLJSSchema()
  refuseConflictingRequires(document, fullSchema)
  const labels = readLabels(document)
  return {
    version: createHash('sha256').update(sdl).digest('hex').slice(0, 12),
    sdl,
    schema,
    fullSchema,
    subgraphs: supergraph.subgraphsMetadata(),
    rules,
    unauthorized,
    live: readLiveFields(document, schema, supergraph),
    maxAge: readMaxAges(document),
    phi: readPhi(document),
    sizes: readSizes(document),
    plannerFields: readPlannerFields(document),
    labels,
    interfaceObjects: readInterfaceObjects(document),
    plan: createPlanner(supergraph, labels),
  }
}

function readInterfaceObjects(document: DocumentNode): Set<string> {
  const interfaces = new Set<string>()
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue
    for (const { name, arguments: given = [] } of definition.directives ?? []) {
      if (name.value === 'join__type' && given.some(({ name, value }) => name.value === 'isInterfaceObject' && value.kind === Kind.BOOLEAN && value.value)) interfaces.add(definition.name.value)
    }
  }
  const types = new Set(interfaces)
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OBJECT_TYPE_DEFINITION && definition.interfaces?.some(({ name }) => interfaces.has(name.value))) types.add(definition.name.value)
  }
  return types
}

function readPhi(document: DocumentNode): Set<string> {
  const fields = new Set<string>()
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue
    for (const { name, directives = [] } of definition.fields ?? []) {
      if (directives.some((directive) => directive.name.value === 'phi')) fields.add(`${definition.name.value}.${name.value}`)
    }
  }
  return fields
}

function readMaxAges(document: DocumentNode): Map<string, number> {
  const ages = new Map<string, number>()
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) continue
    const type = definition.name.value
    for (const [of, { directives = [] }] of [[type, definition] as const, ...(definition.fields ?? []).map((field) => [`${type}.${field.name.value}`, field] as const)]) {
      const hint = directives.find((directive) => directive.name.value === 'cacheControl')
      const maxAge = hint?.arguments?.find((argument) => argument.name.value === 'maxAge')
      if (maxAge) ages.set(of, Number(valueFromASTUntyped(maxAge.value)))
    }
  }
  return ages
}

function readPlannerFields(document: DocumentNode): Map<string, boolean> {
  const names = new Map([['__typename', false]])
  const add = (fields: string): void => {
    visit(parse(fields.trimStart().startsWith('{') ? fields : `{${fields}}`, { noLocation: true }), { Field: ({ name, arguments: given }) => void names.set(name.value, (names.get(name.value) ?? false) || (given?.length ?? 0) > 0) })
  }
  visit(document, {
    Directive({ name, arguments: given = [] }) {
      if (!['join__type', 'join__field'].includes(name.value)) return
      for (const { name: { value: argument }, value } of given) {
        if ((argument === 'key' || argument === 'requires') && value.kind === Kind.STRING) add(value.value)
        if (argument === 'contextArguments') for (const { selection } of valueFromASTUntyped(value) as { selection: string }[]) add(selection)
      }
    },
  })
  return names
}

/**
 * Throws where one field of a type is required with different arguments: the planner fetches it once, with those of one of
 * them, and the other would be computed from what it did not ask for.
 */
function refuseConflictingRequires(document: DocumentNode, schema: GraphQLSchema): void {
  const required = new Map<string, { by: string; given: string }>()
  for (const definition of document.definitions) {
    const type = definition.kind === Kind.OBJECT_TYPE_DEFINITION && schema.getType(definition.name.value)
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION || !isObjectType(type)) continue
    for (const field of definition.fields ?? []) {
      for (const { value } of (field.directives ?? []).flatMap((directive) => directive.arguments?.filter(({ name }) => name.value === 'requires') ?? [])) {
        if (value.kind !== Kind.STRING) continue
        const by = `${type.name}.${field.name.value}`
        const types = new TypeInfo(schema, type)
        visit(parse(`fragment Required on ${type.name} {${value.value}}`, { noLocation: true }), visitWithTypeInfo(types, {
          Field(node) {
            if (!node.arguments?.length) return
            const place = `${types.getParentType()!.name}.${node.name.value}`
            const given = node.arguments.map((argument) => print(argument)).sort().join(', ')
            const other = required.get(place)
            if (other && other.given !== given) {
              throw new Error(`${by} requires ${place}(${given}), ${other.by} requires it with other arguments (${other.given}): the planner fetches a required field once. Give one of them a field of its own without arguments`)
            }
            required.set(place, { by, given })
          },
        }))
      }
    }
  }
}
