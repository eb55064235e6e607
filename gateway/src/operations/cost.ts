/**
 * What an operation may cost, before it runs, and what it did cost: objects it can return at most, and those it returned, by
 * the `@cost` and `@listSize` of the graph (the algorithm of IBM's GraphQL Cost Directives specification, chapter 3, for
 * what this graph uses of it).
 */
import { GraphQLError, Kind, getNamedType, getNullableType, isCompositeType, isListType, valueFromASTUntyped, type DocumentNode } from 'graphql'
import { typenameOf, type Selected, type SelectedField, type Shape } from './selection.ts'

export type Sizes = {
  /** Own weight of a field, by `Type.field`, where it is not the usual one. */
  readonly weights: ReadonlyMap<string, number>
  readonly lists: ReadonlyMap<string, ListSize>
}
type ListSize = { readonly assumedSize?: number; readonly slicingArguments?: readonly string[]; readonly sizedFields?: readonly string[]; /** True unless told. */ readonly requireOneSlicingArgument?: boolean }
type Variables = Readonly<Record<string, unknown>>
/** A number where no variable matters. */
export type Cost = number | ((variables: Variables) => number)

export const maxCost = 20_000
/** Entries of a list about which the graph says nothing. */
const usualListSize = 10

export function readSizes(document: DocumentNode): Sizes {
  const weights = new Map<string, number>()
  const lists = new Map<string, ListSize>()
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue
    for (const field of definition.fields ?? []) {
      for (const directive of field.directives ?? []) {
        const values = Object.fromEntries((directive.arguments ?? []).map(({ name, value }) => [name.value, valueFromASTUntyped(value)]))
        const key = `${definition.name.value}.${field.name.value}`
        if (directive.name.value === 'cost') weights.set(key, Number(values['weight']))
        if (directive.name.value === 'listSize') lists.set(key, values as ListSize)
      }
    }
  }
  return { weights, lists }
}

export function costOf(selections: readonly Selected[], sizes: Sizes): Cost {
  return sum(selections.map((selected) => (selected.kind === 'fragment' ? costOf(selected.selections, sizes) : costOfField(selected, sizes, undefined))))
}

/** `given`: how many entries the parent's arguments ask of this field, as in `drugs(first: 20) { nodes }`. */
function costOfField(field: SelectedField, sizes: Sizes, given: Cost | undefined): Cost {
  if (field.denied) return 0
  const key = `${field.parent.name}.${field.definition.name}`
  const own = sizes.weights.get(key) ?? (isCompositeType(getNamedType(field.definition.type)) ? 1 : 0)
  const list = sizes.lists.get(key)
  if (list?.slicingArguments?.length && list.requireOneSlicingArgument !== false) requireOne(field, key, list.slicingArguments)
  const asked = list?.slicingArguments?.length ? slice(field, list.slicingArguments) : list?.assumedSize
  const children = (selections: readonly Selected[]): Cost =>
    sum(selections.map((selected) => {
      if (selected.kind === 'fragment') return children(selected.selections)
      return costOfField(selected, sizes, list?.sizedFields?.includes(selected.definition.name) ? asked : undefined)
    }))
  const one = sum([own, children(field.selections)])
  return isListType(getNullableType(field.definition.type)) ? times(given ?? asked ?? usualListSize, one) : one
}

/** Two arguments that both cut a list leave open how long it is, and none of them everything. */
function requireOne({ node, definition }: SelectedField, key: string, names: readonly string[]): void {
  const given = names.filter((name) => node.arguments?.some((argument) => argument.name.value === name && argument.value.kind !== Kind.NULL))
  const standard = names.filter((name) => (definition.args.find((argument) => argument.name === name)?.defaultValue ?? null) !== null)
  if (given.length === 1 || (given.length === 0 && standard.length === 1)) return
  throw new GraphQLError(`${key} needs exactly one of the arguments ${names.join(', ')}`, { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } })
}

/** What the subgraphs' answer cost: the weights of all objects that are in it. `object` has the fields by their `source`. */
export function actualCostOf(shape: Shape, object: Readonly<Record<string, unknown>>, sizes: Sizes): number {
  const typename = typenameOf(shape, object)
  if (typename === undefined) return 0
  let cost = 0
  for (const { source, definition, shape: inner } of shape.fieldsOf(typename)) {
    const own = sizes.weights.get(`${typename}.${definition.name}`) ?? (inner ? 1 : 0)
    if (own === 0 && !inner) continue
    const add = (value: unknown): void => {
      if (Array.isArray(value)) value.forEach(add)
      else if (value !== null && value !== undefined) cost += own + (inner && typeof value === 'object' ? actualCostOf(inner, value as Record<string, unknown>, sizes) : 0)
    }
    add(object[source])
  }
  return cost
}

/** The largest of the slicing arguments, by value, variable or default. */
function slice({ node, definition }: SelectedField, names: readonly string[]): Cost {
  const values = names.map((name): Cost => {
    const value = node.arguments?.find((argument) => argument.name.value === name)?.value
    const standard = Number(definition.args.find((argument) => argument.name === name)?.defaultValue ?? usualListSize)
    if (value === undefined) return standard
    if (value.kind === Kind.VARIABLE) return (variables) => entries(variables[value.name.value] ?? standard)
    return entries(valueFromASTUntyped(value) ?? standard)
  })
  return combine(values, (...numbers) => Math.max(...numbers))
}

const entries = (value: unknown): number => Math.max(0, Number(value) || 0)
const sum = (costs: readonly Cost[]): Cost => combine(costs, (...numbers) => numbers.reduce((total, number) => total + number, 0))
const times = (a: Cost, b: Cost): Cost => combine([a, b], (x = 0, y = 0) => x * y)

function combine(costs: readonly Cost[], join: (...numbers: number[]) => number): Cost {
  if (costs.every((cost) => typeof cost === 'number')) return join(...costs)
  return (variables) => join(...costs.map((cost) => (typeof cost === 'number' ? cost : cost(variables))))
}
