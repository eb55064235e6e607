/** The applications that may ask the local issuer for tokens, and the one API scope each of them can get. */
import type { Role } from './people.ts'

export const issuerScopes = ['openid', 'profile', 'email', 'offline_access'] as const
export type ApiScope = 'patient' | 'staff' | 'partner'

/** The API as a resource indicator (RFC 8707), and the `aud` of its access tokens. */
export const apiResource = 'urn:pharmagraph:api'
export const apiAudience = 'pharmagraph'

export const acr = { password: 'urn:pharmagraph:pwd', secondFactor: 'urn:pharmagraph:otp' } as const

export interface PublicClient {
  id: string
  /** Shown on the sign-in page. */
  name: string
  scope: ApiScope
  /** Whether its sign-in page offers to create an account. */
  signUp: boolean
}

/** Browsers and apps: no secret, authorization code with PKCE, redirects to any port and path of the loopback host. */
export const publicClients: readonly PublicClient[] = [
  { id: 'web', name: 'Pharmagraph', scope: 'patient', signUp: true },
  { id: 'mobile', name: 'Pharmagraph for phones', scope: 'patient', signUp: true },
  { id: 'staff', name: 'Pharmagraph staff', scope: 'staff', signUp: false },
]

export interface PartnerClient {
  id: string
  secret: string
  roles: readonly Role[]
}

/** Partners' servers: client credentials. The secret is for the demo only. */
export const partnerClients: readonly PartnerClient[] = [
  { id: 'partner-clinic', secret: 'partner-clinic-demo-secret', roles: ['partner'] },
]

/** The API scopes a person with these roles may be granted; a client gets no more than its own of them. */
export function scopesOf(roles: readonly Role[]): Set<ApiScope> {
  return new Set(roles.map((role) => (role === 'patient' || role === 'caregiver' ? 'patient' : 'staff')))
}
