/** The OpenAPI 3.1 document of the REST names, made from the persisted operations they run and the schema behind them. */
import {
  Kind, getNullableType, isEnumType, isInputObjectType, isListType, isNonNullType, parse, typeFromAST,
  type GraphQLInputType, type GraphQLSchema, type OperationDefinitionNode,
} from 'graphql'

/** One REST name: its path in Express notation, and which variable each part of a request gives. */
export type Named = {
  readonly method: string
  readonly path: string
  readonly operation: string
  readonly status?: number
  /** Query parameters, with the variable that each gives. */
  readonly query?: Readonly<Record<string, string>>
  /** Fields of `input` that the path gives. */
  readonly fromPath?: readonly string[]
}
type Json = Record<string, unknown>

const scalars: Readonly<Record<string, Json>> = {
  Int: { type: 'integer' }, Float: { type: 'number' }, Boolean: { type: 'boolean' }, String: { type: 'string' }, ID: { type: 'string' },
  DateTime: { type: 'string', format: 'date-time' }, Date: { type: 'string', format: 'date' },
}
const problem: Json = {
  description: 'Refused: `code` says why, `message` what to do.',
  content: { 'application/json': { schema: { type: 'object', required: ['code', 'message'], properties: { code: { type: 'string' }, message: { type: 'string' } } } } },
}

/** `textOf`: the text of an operation by its name. */
export function openApi(schema: GraphQLSchema, names: readonly Named[], textOf: (operation: string) => string): Json {
  const components: Record<string, Json> = {}

  const schemaOf = (type: GraphQLInputType): Json => {
    const named = getNullableType(type)
    if (isListType(named)) return { type: 'array', items: schemaOf(named.ofType) }
    if (isEnumType(named)) return { type: 'string', enum: named.getValues().map(({ name }) => name) }
    if (!isInputObjectType(named)) return scalars['name' in named ? named.name : ''] ?? { type: 'string' }
    if (!components[named.name]) {
      components[named.name] = {}
      const fields = Object.values(named.getFields())
      components[named.name] = {
        type: 'object',
        ...(named.description && { description: named.description }),
        required: fields.filter(({ type, defaultValue }) => isNonNullType(type) && defaultValue === undefined).map(({ name }) => name),
        properties: Object.fromEntries(fields.map(({ name, type, description }) => [name, description ? { allOf: [schemaOf(type)], description } : schemaOf(type)])),
      }
    }
    return { $ref: `#/components/schemas/${named.name}` }
  }

  const paths: Record<string, Json> = {}
  for (const { method, path, operation, status = 200, query = {}, fromPath = [] } of names) {
    const [definition] = parse(textOf(operation)).definitions as readonly OperationDefinitionNode[]
    const types = new Map((definition!.variableDefinitions ?? []).map((one) => [one.variable.name.value, typeFromAST(schema, one.type as never) as unknown as GraphQLInputType]))
    const [root] = definition!.selectionSet.selections
    const field = root?.kind === Kind.FIELD ? schema.getRootType(definition!.operation)?.getFields()[root.name.value] : undefined
    const input = types.get('input')
    const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
    const inQuery = Object.entries(query).map(([name, variable]) => ({ name, in: 'query', schema: types.has(variable) ? schemaOf(types.get(variable)!) : { type: 'string' } }))
    const key = path.replace(/:(\w+)/g, '{$1}')
    paths[key] = {
      ...paths[key],
      [method.toLowerCase()]: {
        operationId: operation,
        ...(field?.description && { summary: field.description }),
        ...(inPath.length + inQuery.length > 0 && { parameters: [...inPath, ...inQuery] }),
        ...(input && { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(input) } } } }),
        ...(fromPath.length > 0 && { description: `The path gives ${fromPath.map((name) => `\`${name}\``).join(', ')} of the body.` }),
        responses: {
          [status]: { description: `What the operation ${operation} answers.`, content: { 'application/json': { schema: { type: 'object' } } } },
          default: problem,
        },
      },
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Pharmagraph', version: '1', description: 'The same operations as the graph, under names for partners. Send an access token; without one only public reads answer.' },
    security: [{ token: [] }, {}],
    paths,
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } }, schemas: components },
  }
}
