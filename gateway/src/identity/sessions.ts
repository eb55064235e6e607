/** From an access token to the actor, and to the token the subgraphs accept. */
import { createHash } from 'node:crypto'
import { createRemoteJWKSet, errors, jwtVerify, type JWK, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import { anonymous, signActor, type Actor, type Role } from '@pharmagraph/platform/actor.ts'
import { AppError } from '@pharmagraph/platform/errors.ts'
import { Bounded } from '../operations/bounded.ts'
import type { Revocations } from './revocations.ts'

/** One verified access token, or nobody. */
export type Session = {
  readonly actor: Actor
  /** Seconds since the epoch when the access token ends; undefined for anonymous callers. */
  readonly expiresAt: number | undefined
  /** Seconds since the epoch when the access token was issued. */
  readonly issuedAt: number
  /** The signed actor for the subgraphs: at most five minutes old and never valid beyond the access token. */
  actorToken(): Promise<string>
}

export type Sessions = {
  /** `authorization`: header value, "Bearer …"; undefined means anonymous. Throws UNAUTHENTICATED with a reason. */
  open(authorization: string | undefined): Promise<Session>
}

export type SessionOptions = { readonly issuer: string; readonly audience: string; readonly signingKey: JWK; readonly revocations: Revocations }

const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA']
/** Tokens are verified again after this long, so that a withdrawn signing key stops working soon. */
const reverifyAfterMs = 60_000
const actorTokenSeconds = 300
const renewBeforeSeconds = 30

export function createSessions({ issuer, audience, signingKey, revocations }: SessionOptions): Sessions {
  const known = new Bounded<{ session: Session; verifyAt: number }>(10_000)
  const nobody = session(anonymous, undefined, 0, signingKey)
  let keys: Promise<JWTVerifyGetKey> | undefined

  const keySet = (): Promise<JWTVerifyGetKey> => {
    keys ??= discover(issuer).catch((error: unknown) => {
      keys = undefined
      throw new AppError('UNAVAILABLE', `the identity provider ${issuer} does not answer`, { cause: String((error as Error).message) })
    })
    return keys
  }

  return {
    async open(authorization) {
      if (authorization === undefined || authorization === '') return nobody
      const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
      if (!token) throw refused('TOKEN_INVALID', 'the authorization header must be "Bearer <access token>"')
      const id = createHash('sha256').update(token).digest('base64')
      const found = known.get(id)
      if (found && found.verifyAt > Date.now()) {
        if (found.session.expiresAt! * 1000 <= Date.now()) throw refused('TOKEN_EXPIRED', 'the access token has expired')
        revocations.check(found.session.actor.subject, found.session.issuedAt)
        return found.session
      }
      const payload = await verify(token, await keySet(), { issuer, audience, algorithms, clockTolerance: 5 })
      // clocks may differ about when it begins; once it has ended here, what is made of it is refused by every subgraph
      if (payload.exp! * 1000 <= Date.now()) throw refused('TOKEN_EXPIRED', 'the access token has expired')
      revocations.check(payload.sub!, payload.iat ?? 0)
      const opened = found?.session ?? session(actorOf(payload), payload.exp!, payload.iat ?? 0, signingKey)
      known.set(id, { session: opened, verifyAt: Date.now() + reverifyAfterMs })
      return opened
    },
  }
}

async function discover(issuer: string): Promise<JWTVerifyGetKey> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, { signal: AbortSignal.timeout(5_000) })
  if (!response.ok) throw new Error(`discovery answered ${response.status}`)
  const { jwks_uri } = (await response.json()) as { jwks_uri: string }
  return createRemoteJWKSet(new URL(jwks_uri), { cooldownDuration: 5_000, timeoutDuration: 5_000 })
}

async function verify(token: string, keys: JWTVerifyGetKey, options: Parameters<typeof jwtVerify>[2]): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, { ...options, requiredClaims: ['sub', 'exp'] })
    return payload
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw refused('TOKEN_EXPIRED', 'the access token has expired')
    if (error instanceof errors.JWKSTimeout) throw new AppError('UNAVAILABLE', 'the identity provider does not answer')
    // a failed fetch of the keys is no fault of the token
    if (!(error instanceof errors.JOSEError)) throw new AppError('UNAVAILABLE', 'the identity provider does not answer')
    throw refused('TOKEN_INVALID', 'the access token is not valid here')
  }
}

const refused = (reason: 'TOKEN_INVALID' | 'TOKEN_EXPIRED', message: string): AppError => new AppError('UNAUTHENTICATED', message, { reason })

function session(actor: Actor, expiresAt: number | undefined, issuedAt: number, signingKey: JWK): Session {
  let current: { token: Promise<string>; renewAt: number } | undefined
  return {
    actor,
    expiresAt,
    issuedAt,
    actorToken() {
      const now = Math.floor(Date.now() / 1000)
      if (!current || current.renewAt <= now) {
        const end = Math.min(now + actorTokenSeconds, expiresAt ?? Infinity)
        const token = signActor(actor, signingKey, end)
        // when the access token ends first there is nothing to renew: the session ends with it
        current = { token, renewAt: end === expiresAt ? end : end - renewBeforeSeconds }
      }
      return current.token
    },
  }
}

/** Roles that a token may claim; `system` is for our own processes and comes from no token. */
const claimable: readonly Role[] = ['patient', 'caregiver', 'prescriber', 'technician', 'pharmacist', 'pharmacist-in-charge', 'inventory', 'driver', 'support', 'compliance', 'partner']

function actorOf(claims: JWTPayload): Actor {
  const text = (name: string): string | undefined => (typeof claims[name] === 'string' && claims[name] !== '' ? claims[name] : undefined)
  const list = (name: string): string[] => (Array.isArray(claims[name]) ? claims[name].filter((item) => typeof item === 'string') : [])
  const [patientId, practitionerId, pharmacistId, technicianId, driverId] = ['patient_id', 'practitioner_id', 'pharmacist_id', 'technician_id', 'driver_id'].map(text)
  const clientId = text('client_id') ?? text('azp')
  const authTime = typeof claims['auth_time'] === 'number' ? claims['auth_time'] : undefined
  return {
    subject: claims.sub!,
    roles: claimable.filter((role) => list('roles').includes(role)),
    scopes: text('scope')?.split(' ') ?? [],
    amr: list('amr'),
    ...(patientId && { patientId }),
    ...(practitionerId && { practitionerId }),
    ...(pharmacistId && { pharmacistId }),
    ...(technicianId && { technicianId }),
    ...(driverId && { driverId }),
    ...(clientId && { clientId }),
    ...(authTime !== undefined && { authTime }),
  }
}
