/**
 * Subgraphs made up from the real schemas: every field has a value that depends on the entity and the arguments alone,
 * so that it is the same whichever way a plan reaches it. Some values are null and some fields fail.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { buildSubgraphSchema } from '@apollo/subgraph'
import {
  GraphQLError, execute, isAbstractType, isEnumType, isListType, isNonNullType, isObjectType, isScalarType, parse,
  type GraphQLFieldResolver, type GraphQLOutputType, type GraphQLSchema,
} from 'graphql'
import type { Send } from '../../src/execution/execute.ts'
import type { SubgraphResponse } from '../../src/execution/subgraphs.ts'

const folder = resolve(import.meta.dirname, '../../../schema/subgraphs')
const names = ['patients', 'prescriptions', 'catalog', 'inventory', 'orders', 'logistics', 'audit']

export type Chances = { readonly ofNull: number; readonly ofFailure: number }

export function generatedSubgraphs({ ofNull, ofFailure }: Chances): { send: Send; requests: string[] } {
  const requests: string[] = []
  const schemas = new Map(names.map((name) => [name, buildSubgraphSchema(parse(readFileSync(resolve(folder, `${name}.graphql`), 'utf8')))]))

  const fieldResolver = (schema: GraphQLSchema): GraphQLFieldResolver<unknown, unknown> => (source, args, _context, info) => {
    const object = (source ?? {}) as Record<string, unknown>
    const { fieldName, parentType } = info
    if (fieldName in object) return object[fieldName]
    const identity = `${parentType.name}:${String(object['id'] ?? object['name'] ?? object['__identity'] ?? 'root')}.${fieldName}(${JSON.stringify(args)})`
    if (chance(`${identity} fails`) < ofFailure) throw new GraphQLError('made to fail', { extensions: { code: 'MADE_TO_FAIL' } })
    return make(schema, info.returnType, identity)
  }

  const make = (schema: GraphQLSchema, type: GraphQLOutputType, identity: string, mayBeNull = true): unknown => {
    if (isNonNullType(type)) return make(schema, type.ofType, identity, false)
    if (mayBeNull && chance(`${identity} null`) < ofNull) return null
    if (isListType(type)) return Array.from({ length: Math.floor(chance(`${identity} length`) * 4) }, (_, index) => make(schema, type.ofType, `${identity}[${index}]`))
    const draw = chance(identity)
    if (isEnumType(type)) return type.getValues()[Math.floor(draw * type.getValues().length)]!.value
    if (isScalarType(type)) return { Int: Math.floor(draw * 1000), Float: draw, Boolean: draw < 0.5, ID: `id-${Math.floor(draw * 5)}` }[type.name] ?? `text ${Math.floor(draw * 1e6)}`
    const possible = isAbstractType(type) ? schema.getPossibleTypes(type) : [type]
    const concrete = possible[Math.floor(draw * possible.length)]!
    const { id } = isObjectType(concrete) ? concrete.getFields() : {}
    // few ids, so that the same entity comes up in many places
    return { __typename: concrete.name, ...(id ? { id: `${concrete.name.toLowerCase()}-${Math.floor(draw * 4)}` } : { __identity: identity }) }
  }

  return {
    requests,
    async send(service, body) {
      requests.push(service)
      const { query, variables } = JSON.parse(body) as { query: string; variables: Record<string, unknown> }
      const schema = schemas.get(service)!
      const result = await execute({
        schema, document: parse(query), variableValues: variables, fieldResolver: fieldResolver(schema),
        typeResolver: (value) => (value as { __typename: string }).__typename,
      })
      return JSON.parse(JSON.stringify(result)) as SubgraphResponse
    },
  }
}

/** A number in [0, 1) that depends on the text alone (FNV-1a, then mixed). */
function chance(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39)
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32
}

