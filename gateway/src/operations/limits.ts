/** How large an operation may be that nobody reviewed: checked before it is planned. Persisted operations are exempt. */
import { GraphQLError, Kind, type FragmentDefinitionNode, type SelectionSetNode, type ValidationContext, type ValidationRule } from 'graphql'

export const limits = { tokens: 2_000, depth: 15, aliases: 50, rootFields: 20 } as const

const tooLarge = (what: string, found: number, limit: number): GraphQLError =>
  new GraphQLError(`the operation has ${what} ${found}; at most ${limit} are allowed. Ask for less at once.`, { extensions: { code: 'OPERATION_TOO_LARGE' } })

export const operationLimits: ValidationRule = (context: ValidationContext) => ({
  OperationDefinition(operation) {
    const measured = measure(operation.selectionSet, context)
    if (measured.depth > limits.depth) context.reportError(tooLarge('a depth of', measured.depth, limits.depth))
    if (measured.aliases > limits.aliases) context.reportError(tooLarge('aliases:', measured.aliases, limits.aliases))
    if (measured.fields > limits.rootFields) context.reportError(tooLarge('root fields:', measured.fields, limits.rootFields))
  },
})

type Measured = { depth: number; aliases: number; fields: number }

function measure(set: SelectionSetNode, context: ValidationContext): Measured {
  const fragments = new Map<FragmentDefinitionNode, Measured>()
  const ofSet = (set: SelectionSetNode): Measured => {
    const total: Measured = { depth: 0, aliases: 0, fields: 0 }
    for (const node of set.selections) {
      let inner: Measured = { depth: 0, aliases: 0, fields: 0 }
      if (node.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = context.getFragment(node.name.value)
        if (fragment) inner = ofFragment(fragment)
      } else if (node.selectionSet && !(node.kind === Kind.FIELD && node.name.value.startsWith('__'))) {
        // introspection is left out: it nests by its nature and touches no subgraph
        inner = ofSet(node.selectionSet)
      }
      const isField = node.kind === Kind.FIELD
      total.depth = Math.max(total.depth, inner.depth + (isField ? 1 : 0))
      total.aliases += inner.aliases + (isField && node.alias ? 1 : 0)
      total.fields += isField ? 1 : inner.fields
    }
    return total
  }
  const ofFragment = (fragment: FragmentDefinitionNode): Measured => {
    const known = fragments.get(fragment)
    if (known) return known
    // a fragment within itself is another rule's error: here it only must not loop
    fragments.set(fragment, { depth: 0, aliases: 0, fields: 0 })
    const measured = ofSet(fragment.selectionSet)
    fragments.set(fragment, measured)
    return measured
  }
  return ofSet(set)
}
