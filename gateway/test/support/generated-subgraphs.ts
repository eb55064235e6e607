/**
 * Subgraphs made up from schemas: every field has a value that depends on the entity and the arguments alone (and, with
 * `@requires`, on what was required), so that it is the same whichever way a plan reaches it. Some values are null and
 * some fields fail. Every key of an entity follows from its number, so that all its keys mean the same one.
 */
import { buildSubgraphSchema } from '@apollo/subgraph'
import {
  GraphQLError, Kind, execute, getNamedType, isAbstractType, isEnumType, isInterfaceType, isLeafType, isListType, isNonNullType, isObjectType, isScalarType, parse,
  type DocumentNode, type GraphQLFieldResolver, type GraphQLOutputType, type GraphQLSchema,
} from 'graphql'
import type { Send } from '../../src/execution/execute.ts'
import { fromBytes, toBytes } from '../../src/execution/bytes.ts'

export type Chances = { readonly ofNull: number; readonly ofFailure: number }
type Made = Record<string, unknown>

/** `sdl`: schema text by name. */
export function generatedSubgraphs(sdl: Readonly<Record<string, string>>, { ofNull, ofFailure }: Chances): { send: Send; requests: string[] } {
  const requests: string[] = []
  const documents = new Map(Object.entries(sdl).map(([name, text]) => [name, parse(text)]))
  const schemas = new Map([...documents].map(([name, document]) => [name, buildSubgraphSchema(document)]))
  const keys = keyFields([...documents.values()])

  const resolverOf = (schema: GraphQLSchema, requires: ReadonlyMap<string, readonly string[]>): GraphQLFieldResolver<unknown, unknown> => (source, args, _context, info) => {
    const object = (source ?? {}) as Made
    const { fieldName, parentType, returnType } = info
    if (fieldName in object) return object[fieldName]
    const number = object['__number']
    // the parts of a key, whatever they are, follow from the entity's number
    if (number !== undefined && (object['__isKey'] || keys.get(parentType.name)?.has(fieldName))) return keyPart(returnType, fieldName, number as number)
    const required = (requires.get(`${parentType.name}.${fieldName}`) ?? []).map((name) => canonical(object[name]))
    const identity = `${parentType.name}:${String(number ?? object['__identity'] ?? 'root')}.${fieldName}(${JSON.stringify(args)}${required.join()})`
    if (chance(`${identity} fails`) < ofFailure) throw new GraphQLError('made to fail', { extensions: { code: 'MADE_TO_FAIL' } })
    return make(schema, returnType, identity)
  }

  const keyPart = (type: GraphQLOutputType, name: string, number: number): unknown => {
    const named = getNamedType(type)
    if (isLeafType(named)) return isEnumType(named) ? named.getValues()[number % named.getValues().length]!.value : `${name}-${number}`
    return { __typename: named.name, __number: number, ...(!keys.has(named.name) && { __isKey: true }) }
  }

  const make = (schema: GraphQLSchema, type: GraphQLOutputType, identity: string, mayBeNull = true): unknown => {
    if (isNonNullType(type)) return make(schema, type.ofType, identity, false)
    if (mayBeNull && chance(`${identity} null`) < ofNull) return null
    if (isListType(type)) return Array.from({ length: Math.floor(chance(`${identity} length`) * 4) }, (_, index) => make(schema, type.ofType, `${identity}[${index}]`))
    const draw = chance(identity)
    if (isEnumType(type)) return type.getValues()[Math.floor(draw * type.getValues().length)]!.value
    if (isScalarType(type)) return { Int: Math.floor(draw * 1000), Float: draw, Boolean: draw < 0.5, ID: `id ${Math.floor(draw * 5)}` }[type.name] ?? `text ${Math.floor(draw * 1e6)}`
    // few entities, so that the same one comes up in many places
    const number = Math.floor(draw * 4)
    // of an interface with a key, the number tells the type: whoever knows only the interface means the same entity
    const concrete = isAbstractType(type) ? possible(schema, type.name)[(keys.has(type.name) ? number : Math.floor(draw * 1000)) % possible(schema, type.name).length]! : type.name
    return { __typename: concrete, ...(keys.has(concrete) ? { __number: number } : { __identity: identity }) }
  }

  const possible = (schema: GraphQLSchema, name: string): string[] => {
    const type = schema.getType(name)
    return isAbstractType(type) ? schema.getPossibleTypes(type).map((one) => one.name).sort() : [name]
  }

  const entity = (schema: GraphQLSchema, representation: Made): Made => {
    const typename = String(representation['__typename'])
    const numbers = [...(keys.get(typename) ?? [])].flatMap((field) => /-(\d+)"/.exec(JSON.stringify(representation[field]) ?? '')?.[1] ?? [])
    const number = Number(numbers[0])
    const concrete = isInterfaceType(schema.getType(typename)) ? possible(schema, typename)[number % possible(schema, typename).length] : typename
    return { ...representation, __typename: concrete, __number: number }
  }

  const resolvers = new Map([...schemas].map(([name, schema]) => [name, resolverOf(schema, requiredFields(documents.get(name)!))]))
  return {
    requests,
    async send(service, body) {
      requests.push(service)
      const { query, variables } = JSON.parse(fromBytes(body)) as { query: string; variables: Record<string, unknown> }
      const schema = schemas.get(service)!
      const variableValues = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, name.startsWith('representations') ? (value as Made[]).map((one) => entity(schema, one)) : value]))
      const result = await execute({ schema, document: parse(query), variableValues, fieldResolver: resolvers.get(service)!, typeResolver: (value) => (value as { __typename: string }).__typename })
      return result.errors ? (JSON.parse(JSON.stringify(result)) as typeof result) : { text: toBytes(JSON.stringify(result)) }
    },
  }
}

/** Top-level fields of all keys of a type, in any subgraph. */
function keyFields(documents: readonly DocumentNode[]): Map<string, Set<string>> {
  const keys = new Map<string, Set<string>>()
  for (const { definitions } of documents) {
    for (const definition of definitions) {
      if (!('directives' in definition) || !('name' in definition) || !definition.name) continue
      for (const directive of definition.directives ?? []) {
        const fields = directive.arguments?.find(({ name }) => name.value === 'fields')?.value
        if (directive.name.value !== 'key' || fields?.kind !== Kind.STRING) continue
        const known = keys.get(definition.name.value) ?? new Set<string>()
        for (const name of topLevel(fields.value)) known.add(name)
        keys.set(definition.name.value, known)
      }
    }
  }
  return keys
}

/** By `Type.field`, the top-level fields that it requires. */
function requiredFields({ definitions }: DocumentNode): Map<string, string[]> {
  const required = new Map<string, string[]>()
  for (const definition of definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) continue
    for (const field of definition.fields ?? []) {
      const fields = field.directives?.find(({ name }) => name.value === 'requires')?.arguments?.[0]?.value
      if (fields?.kind === Kind.STRING) required.set(`${definition.name.value}.${field.name.value}`, topLevel(fields.value))
    }
  }
  return required
}

function topLevel(fields: string): string[] {
  const [operation] = parse(`{ ${fields} }`).definitions
  return operation?.kind === Kind.OPERATION_DEFINITION ? operation.selectionSet.selections.flatMap((node) => (node.kind === Kind.FIELD ? [node.name.value] : [])) : []
}

/** The same text for the same value, whatever the order of its keys. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (key, one: unknown) => (key === '__typename' ? undefined : typeof one === 'object' && one !== null && !Array.isArray(one) ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))) : one)) ?? ''

/** A number in [0, 1) that depends on the text alone (FNV-1a, then mixed). */
function chance(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39)
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32
}
