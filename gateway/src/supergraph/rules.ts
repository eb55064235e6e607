/** Who may see what, read from the security directives of the supergraph before the planner forgets them. */
import type { CoreFeatures } from '@apollo/federation-internals'
import { Kind, valueFromASTUntyped, type ConstDirectiveNode, type DocumentNode } from 'graphql'
import { staffRoles, type Actor, type Role } from '@pharmagraph/platform/actor.ts'

/** What a caller must fulfil: each list is alternatives of all-of groups, as in `[["a", "b"], ["c"]]` = (a and b) or c. */
export type Requirement = {
  readonly authenticated: boolean
  readonly scopes?: readonly (readonly string[])[]
  readonly policies?: readonly (readonly string[])[]
}

export type Rules = {
  /** Requirement of a type, wherever it is returned. */
  readonly types: ReadonlyMap<string, Requirement>
  /** Requirement of a field, by `Type.field`. */
  readonly fields: ReadonlyMap<string, Requirement>
}

export type Denial = 'UNAUTHENTICATED' | 'FORBIDDEN'

const knownRoles: readonly Role[] = [...staffRoles, 'patient', 'caregiver', 'prescriber', 'driver', 'partner']

/** A policy decides about an actor alone; rules about single rows belong to the subgraph that owns them. */
function policy(name: string): ((actor: Actor) => boolean) | undefined {
  if (name === 'staff') return (actor) => staffRoles.some((role) => actor.roles.includes(role))
  const role = knownRoles.find((known) => name === `role:${known}`)
  return role && ((actor) => actor.roles.includes(role))
}

/** Undefined when the actor fulfils the requirement. */
export function denialOf(requirement: Requirement, actor: Actor): Denial | undefined {
  const allows = (groups: Requirement['scopes'], holds: (name: string) => boolean): boolean =>
    groups === undefined || groups.some((group) => group.every(holds))
  if (requirement.authenticated && actor.subject === 'anonymous') return 'UNAUTHENTICATED'
  if (!allows(requirement.scopes, (scope) => actor.scopes.includes(scope))) return 'FORBIDDEN'
  if (!allows(requirement.policies, (name) => policy(name)?.(actor) ?? false)) return 'FORBIDDEN'
  return undefined
}

const enforced = ['authenticated', 'requiresScopes', 'policy']

/**
 * Reads the rules. Throws where the supergraph asks for protection that nothing here enforces: an unknown security
 * feature, or a policy that nobody can decide.
 */
export function readRules(document: DocumentNode, features: CoreFeatures): Rules {
  const names = new Map<string, string>()
  for (const feature of features.allFeatures()) {
    const spec = feature.url.name
    if (enforced.includes(spec)) names.set(feature.directiveNameInSchema(spec), spec)
    // what is @inaccessible is not in the schema that clients are validated against, see graph.ts; that a value may be
    // taken from a @context is for composition to check: who asks for the field must be allowed to see that value
    else if (feature.purpose === 'SECURITY' && !['inaccessible', 'context'].includes(spec)) throw new Error(`the supergraph uses the security feature ${feature.url.toString()}, which the gateway does not enforce`)
  }

  const requirementIn = (directives: readonly ConstDirectiveNode[] = [], where: string): Requirement | undefined => {
    const found: { authenticated: boolean; scopes?: string[][]; policies?: string[][] } = { authenticated: false }
    let any = false
    for (const directive of directives) {
      const spec = names.get(directive.name.value)
      if (!spec) continue
      any = true
      // whoever must hold a scope or a policy must be somebody: an anonymous caller is asked to sign in, not refused
      found.authenticated = true
      const groups = directive.arguments?.[0] && (valueFromASTUntyped(directive.arguments[0].value) as string[][])
      if (spec === 'requiresScopes') found.scopes = groups ?? []
      if (spec === 'policy') found.policies = groups ?? []
    }
    for (const name of found.policies?.flat() ?? []) {
      if (!policy(name)) throw new Error(`${where} asks for the policy "${name}", which the gateway cannot decide`)
    }
    return any ? found : undefined
  }

  const types = new Map<string, Requirement>()
  const fields = new Map<string, Requirement>()
  for (const definition of document.definitions) {
    if (!('directives' in definition) || !('name' in definition) || !definition.name) continue
    const type = definition.name.value
    const ofType = requirementIn(definition.directives as readonly ConstDirectiveNode[], type)
    if (ofType) types.set(type, ofType)
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue
    for (const field of definition.fields ?? []) {
      const key = `${type}.${field.name.value}`
      const ofField = requirementIn(field.directives, key)
      if (ofField) fields.set(key, ofField)
    }
  }
  return { types, fields }
}
