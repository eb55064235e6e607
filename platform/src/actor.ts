/** Who acts. The gateway makes it from an access token and signs it; a subgraph accepts nothing else. */
import { SignJWT, importJWK, jwtVerify, type JWK } from 'jose'
import { AppError, forbidden, notFound, problem } from './errors.ts'

export type Role =
  | 'patient' | 'caregiver' | 'prescriber' | 'technician' | 'pharmacist' | 'pharmacist-in-charge' | 'inventory'
  | 'driver' | 'support' | 'compliance' | 'partner' | 'system'

export type Actor = {
  /** The person or machine, by the identity provider's subject; `system:<name>` for our own processes. */
  readonly subject: string
  readonly roles: readonly Role[]
  readonly scopes: readonly string[]
  readonly patientId?: string
  readonly practitionerId?: string
  readonly pharmacistId?: string
  readonly technicianId?: string
  readonly driverId?: string
  readonly clientId?: string
  /** Authentication methods of RFC 8176: pwd, otp. */
  readonly amr: readonly string[]
  /** Seconds since the epoch of the last authentication. */
  readonly authTime?: number
}

/** Roles of people who work in or for the pharmacy: the policy "staff". */
export const staffRoles: readonly Role[] = ['technician', 'pharmacist', 'pharmacist-in-charge', 'inventory', 'support', 'compliance', 'system']

export const anonymous: Actor = { subject: 'anonymous', roles: [], scopes: [], amr: [] }
export const systemActor = (name: string): Actor => ({ subject: `system:${name}`, roles: ['system'], scopes: [], amr: [] })

export const hasRole = (actor: Actor, ...roles: readonly Role[]): boolean => roles.some((role) => actor.roles.includes(role))
export const isStaff = (actor: Actor): boolean => hasRole(actor, ...staffRoles)
export const isSystem = (actor: Actor): boolean => actor.roles.includes('system')
/** The role an act is recorded under: the first of the actor's roles. */
export const roleOf = (actor: Actor): string => actor.roles[0] ?? 'anonymous'

/** What the identity provider's clock may be ahead of ours, in seconds. */
const clockSkewSeconds = 60

/** Whether a second factor was proved within `maxAgeSeconds` of `now`, and not in times to come. */
export function secondFactorWithin({ amr, authTime }: Actor, maxAgeSeconds: number, now: Date): boolean {
  if (!amr.includes('otp') || authTime === undefined) return false
  const age = now.getTime() / 1000 - authTime
  return age <= maxAgeSeconds && age >= -clockSkewSeconds
}

/** How old a second factor may be where a person must prove themselves right then; the pharmacy's own rule. */
export const stepUpSeconds = 300

/** What a client answers by signing its person in again with `acr_values` and `max_age`. */
export const stepUpRequired = (): AppError =>
  problem('StepUpRequired', 'STEP_UP_REQUIRED', 'sign in again with your second factor, then repeat', { acrValues: 'urn:pharmagraph:otp', maxAgeSeconds: stepUpSeconds })

/**
 * A subgraph's access rules as a table `action → rule`. `must` throws NOT_FOUND where the actor may not even see the
 * thing (a different answer would tell that it exists) and FORBIDDEN where they may see but not do.
 */
export function defineAccess<Rules extends Record<string, (actor: Actor, resource: never) => boolean>>(rules: Rules) {
  type Resource<Action extends keyof Rules> = Parameters<Rules[Action]>[1]
  const can = <Action extends keyof Rules & string>(actor: Actor, action: Action, resource: Resource<Action>): boolean =>
    (rules[action] as (actor: Actor, resource: unknown) => boolean)(actor, resource)
  return {
    can,
    must<Action extends keyof Rules & string>(actor: Actor, action: Action, resource: Resource<Action>): void {
      if (can(actor, action, resource)) return
      const [what] = action.split(':') as [string]
      const view = rules[`${what}:view`] as ((actor: Actor, resource: unknown) => boolean) | undefined
      // a rule that looks at the thing itself cannot be asked where there is none, as for a list of them
      if (view && (resource !== undefined || view.length < 2) && !view(actor, resource)) throw notFound(what)
      throw forbidden(`${roleOf(actor)} may not ${action}`)
    },
  }
}

const issuer = 'pharmagraph-gateway'
const audience = 'pharmagraph-subgraphs'
export const actorHeader = 'x-actor'
/** Name of the operation that a request of the gateway belongs to: it is noted with every access to health information. */
export const operationHeader = 'x-operation'

/** Signs an actor for the subgraphs, valid until `expiresAt` (seconds since the epoch). */
export async function signActor(actor: Actor, privateJwk: JWK, expiresAt: number): Promise<string> {
  return new SignJWT({ actor: actor as unknown as Record<string, unknown> })
    .setProtectedHeader({ alg: 'EdDSA', ...(privateJwk.kid ? { kid: privateJwk.kid } : {}) })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(actor.subject)
    .setIssuedAt()
    .setExpirationTime(expiresAt)
    .sign(await importJWK(privateJwk, 'EdDSA'))
}

/** Verifies actor tokens; remembers verified ones until they expire, since one person's requests share one token. */
export function actorVerifier(publicJwk: JWK): (token: string | undefined) => Promise<Actor> {
  const key = importJWK(publicJwk, 'EdDSA')
  const verified = new Map<string, { actor: Actor; expiresAt: number }>()
  return async (token) => {
    if (!token) throw new AppError('UNAUTHENTICATED', 'this service is reached through the gateway only')
    const nowSeconds = Date.now() / 1000
    const known = verified.get(token)
    if (known && known.expiresAt > nowSeconds) return known.actor
    try {
      const { payload } = await jwtVerify(token, await key, { issuer, audience, algorithms: ['EdDSA'] })
      const actor = payload['actor'] as Actor
      if (verified.size > 10_000) verified.clear()
      verified.set(token, { actor, expiresAt: payload.exp ?? 0 })
      return actor
    } catch {
      throw new AppError('UNAUTHENTICATED', 'the actor token is not valid')
    }
  }
}
