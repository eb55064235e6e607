/** Operations drawn at random from a schema: aliases, fragments, conditions, abstract types. */
import fc from 'fast-check'
import {
  getNamedType, isAbstractType, isCompositeType, isEnumType, isListType, isNonNullType, isObjectType, isScalarType, isUnionType,
  type GraphQLCompositeType, type GraphQLField, type GraphQLInputType, type GraphQLSchema,
} from 'graphql'

export type GeneratedOperation = { readonly text: string; readonly variables: { readonly yes: boolean; readonly no: boolean } }

/** `defers`: some fragments are marked `@defer`. */
export function operations(schema: GraphQLSchema, depth = 4, defers = false): fc.Arbitrary<GeneratedOperation> {
  return fc.record({ choices: fc.infiniteStream(fc.nat(1_000_000)), yes: fc.boolean(), no: fc.boolean() }).map(({ choices, yes, no }) => {
    const choose = (below: number): number => choices.next().value! % below
    const fragments: string[] = []

    const selection = (type: GraphQLCompositeType, depth: number): string => {
      const parts = ['__typename'].filter(() => choose(3) === 0 || isUnionType(type))
      if (!isUnionType(type)) {
        const fields = Object.values(type.getFields()).filter((field) => canAsk(field) && (depth > 0 || !isCompositeType(getNamedType(field.type))))
        for (let count = 1 + choose(4), first = true; count > 0 && fields.length > 0; count--, first = false) {
          // the first without a condition: where nothing is left of an object the reference makes null of it, not `{}`
          parts.push(field(fields.splice(choose(fields.length), 1)[0]!, depth, first ? '' : condition()))
        }
      }
      if (isAbstractType(type)) {
        for (const possible of schema.getPossibleTypes(type)) if (choose(2) === 0) parts.push(`... on ${possible.name} ${condition()} ${defer()} ${selection(possible, depth)}`)
      } else if (choose(defers ? 3 : 5) === 0) {
        const name = `F${fragments.length}`
        fragments.push('')
        fragments[Number(name.slice(1))] = `fragment ${name} on ${type.name} ${selection(type, Math.max(0, depth - 1))}`
        parts.push(`...${name} ${defer()}`)
      }
      return `{ ${parts.length > 0 ? parts.join(' ') : '__typename'} }`
    }
    const defer = (): string => (defers ? ['', '@defer', '@defer(if: $yes)'][choose(3)]! : '')
    const condition = (): string => ['', '', '', '@include(if: $yes)', '@skip(if: $no)'][choose(5)]!
    const field = (definition: GraphQLField<unknown, unknown>, depth: number, condition: string): string => {
      const type = getNamedType(definition.type)
      const given = definition.args.filter(({ type }) => isNonNullType(type)).map(({ name, type }) => `${name}: ${literal(type)}`)
      // one alias per field: two selections of a key always agree
      const alias = choose(4) === 0 ? `my_${definition.name}: ` : ''
      return `${alias}${definition.name}${given.length > 0 ? `(${given.join(', ')})` : ''} ${condition} ${isCompositeType(type) ? selection(type, depth - 1) : ''}`
    }

    const text = `query Generated($yes: Boolean!, $no: Boolean!) { always: __typename maybe: __typename @include(if: $yes) maybeNot: __typename @skip(if: $no) ${selection(schema.getQueryType()!, depth).slice(1, -1)} }`
    return { text: [text, ...fragments].join('\n'), variables: { yes, no } }
  })
}

const canAsk = ({ args, name }: GraphQLField<unknown, unknown>): boolean => name !== 'live' && args.every(({ type }) => !isNonNullType(type) || literal(type) !== undefined)

function literal(type: GraphQLInputType): string | undefined {
  if (isNonNullType(type)) return literal(type.ofType)
  if (isListType(type)) return `[${literal(type.ofType)}]`
  if (isEnumType(type)) return type.getValues()[0]!.name
  if (isScalarType(type)) return { Int: '3', Float: '1.5', Boolean: 'true' }[type.name] ?? '"given"'
  return isObjectType(type) ? undefined : '{}'
}
