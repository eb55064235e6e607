/** The subscription fields of the event-driven graph `live`, as its `@live` directive describes them. */
import type { Supergraph } from '@apollo/federation-internals'
import {
  Kind, getNamedType, isLeafType, isNonNullType, isObjectType, valueFromASTUntyped,
  type DocumentNode, type GraphQLObjectType, type GraphQLSchema,
} from 'graphql'

export type Match = {
  /** Field of the event's data. */
  readonly field: string
  readonly source: { readonly kind: 'argument' | 'actor' | 'literal'; readonly name: string }
}

/** A field of the event type that is an entity, known by one key; the rest comes from its owner. */
export type Stub = {
  readonly field: string
  readonly type: string
  readonly key: string
  /** Field of the event's data that holds the key. */
  readonly dataField: string
  /** The subgraph that decides who sees it, and a field only that one knows: asking for it puts the owner's rules before every push. */
  readonly owner: string
  readonly witness: string
}

/** Whose subscriptions one fetch of an event may serve: one person's, or those of all with the same roles. */
export type Sharing = 'PERSON' | 'ROLES'

/** Fields that tell what the one who asks may do; an operation that selects one is never shared between people. */
export const personalFields: ReadonlySet<string> = new Set(['allowedActions'])

export type LiveField = {
  readonly name: string
  readonly events: readonly string[]
  readonly match: readonly Match[]
  /** STATE may skip to the latest under pressure; LOG is lossless or closes. */
  readonly mode: 'STATE' | 'LOG'
  readonly sharedBy: Sharing
  readonly stubs: readonly Stub[]
}

export const liveService = 'live'

export function readLiveFields(document: DocumentNode, schema: GraphQLSchema, supergraph: Supergraph): Map<string, LiveField> {
  const fields = new Map<string, LiveField>()
  const root = schema.getSubscriptionType()
  const definition = document.definitions.find((node) => node.kind === Kind.OBJECT_TYPE_DEFINITION && node.name.value === root?.name)
  if (!root || definition?.kind !== Kind.OBJECT_TYPE_DEFINITION) return fields
  for (const node of definition.fields ?? []) {
    const live = node.directives?.find((directive) => directive.name.value === 'live')
    const field = root.getFields()[node.name.value]
    if (!field) continue
    if (!live) throw new Error(`Subscription.${field.name} has no @live: no event would ever reach it`)
    const read = Object.fromEntries((live.arguments ?? []).map((argument) => [argument.name.value, valueFromASTUntyped(argument.value)])) as {
      events: string[]
      match: string[]
      mode: 'STATE' | 'LOG'
      sharedBy?: Sharing
    }
    const match = read.match.map((pair) => parseMatch(pair, field.name, field.args.map((argument) => argument.name)))
    fields.set(field.name, {
      name: field.name,
      events: read.events,
      match,
      mode: read.mode,
      sharedBy: read.sharedBy ?? 'PERSON',
      stubs: stubsOf(getNamedType(field.type) as GraphQLObjectType, supergraph, match),
    })
  }
  return fields
}

function parseMatch(pair: string, field: string, argumentNames: readonly string[]): Match {
  const [, dataField, value] = /^(\w+)=(.+)$/.exec(pair) ?? []
  if (dataField && value) {
    if (/^'.*'$/.test(value)) return { field: dataField, source: { kind: 'literal', name: value.slice(1, -1) } }
    if (value.startsWith('actor.')) return { field: dataField, source: { kind: 'actor', name: value.slice('actor.'.length) } }
    if (argumentNames.includes(value)) return { field: dataField, source: { kind: 'argument', name: value } }
  }
  throw new Error(`Subscription.${field}: @live(match: "${pair}") is neither "<data field>=<argument>", "=actor.<claim>" nor "='literal'"`)
}

function stubsOf(eventType: GraphQLObjectType, supergraph: Supergraph, match: readonly Match[]): Stub[] {
  return Object.values(eventType.getFields()).flatMap((field): Stub[] => {
    const type = getNamedType(field.type)
    if (!isObjectType(type)) return []
    const { key, owner, witness } = ownerOf(type, supergraph)
    // an id goes by the name the subscription matches it by, `threadId`, else by the entity's, `orderId`; any other key, such as a queue's name, by the field's
    const byField = `${field.name}Id`
    const byType = `${type.name[0]!.toLowerCase()}${type.name.slice(1)}Id`
    const dataField = key !== 'id' ? field.name : match.some((pair) => pair.field === byField) ? byField : byType
    return [{ field: field.name, type: type.name, key, dataField, owner, witness }]
  })
}

/** The owner is the subgraph that knows most fields of the entity. */
function ownerOf(type: GraphQLObjectType, supergraph: Supergraph): { key: string; owner: string; witness: string } {
  const counts = new Map<string, Set<string>>()
  let key = 'id'
  for (const subgraph of supergraph.subgraphs().values()) {
    const definition = subgraph.schema.type(type.name)
    if (definition?.kind !== 'ObjectType') continue
    const names = new Set(definition.fields().map((field) => field.name))
    if (subgraph.name === liveService) key = [...names][0] ?? key
    else counts.set(subgraph.name, names)
  }
  const [[owner, owned] = ['', new Set<string>()] as const] = [...counts].sort(([, a], [, b]) => b.size - a.size)
  for (const name of owned) {
    const elsewhere = [...counts].some(([subgraph, names]) => subgraph !== owner && names.has(name))
    const field = type.getFields()[name]
    if (field && name !== key && !elsewhere && field.args.length === 0 && isNonNullType(field.type) && isLeafType(field.type.ofType)) return { key, owner, witness: name }
  }
  throw new Error(`no field of ${type.name} tells whether its owner shows it to a subscriber: it needs a non-null leaf field of one subgraph`)
}
