/** The local OpenID Connect issuer: what oidc-provider is told about our clients, accounts and tokens. */
import Provider, { errors, interactionPolicy } from 'oidc-provider'
import type { Context, Grant, Token } from 'oidc-provider'
import type { JWK } from 'jose'
import type { Account, Accounts } from './accounts.ts'
import { acr, apiAudience, apiResource, issuerScopes, partnerClients, publicClients, scopesOf } from './clients.ts'
import { errorPage, signedOutPage, signOutPage } from './pages.ts'
import { createSessionStore } from './session-store.ts'

const minute = 60
const day = 24 * 60 * minute
const loopback = new Set(['127.0.0.1', '[::1]', 'localhost'])

export interface Keys {
  /** Private ES256 keys; the first signs, all are published. */
  signing: JWK[]
  cookies: string[]
}

export function createProvider(issuer: string, keys: Keys, accounts: Accounts): Provider {
  const provider = new Provider(issuer, {
    adapter: createSessionStore(),
    jwks: { keys: keys.signing },
    cookies: { keys: keys.cookies },
    clients: [...publicClients.map(publicClientMetadata), ...partnerClients.map(partnerClientMetadata)],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clientBasedCORS: (_ctx: Context, origin: string) => isLoopback(origin),
    responseTypes: ['code'],
    acrValues: Object.values(acr),
    scopes: issuerScopes,
    claims: { openid: ['sub'], profile: ['name', 'given_name', 'family_name'], email: ['email'], acr: null, auth_time: null },
    conformIdTokenClaims: false,
    findAccount: (_ctx: Context, id: string) => {
      const account = accounts.byId(id)
      return account && { accountId: id, claims: () => idTokenClaims(account) }
    },
    extraTokenClaims: (ctx: Context, token: Token) => accessTokenClaims(ctx, token, accounts),
    // Every client is our own, so nobody is asked for consent: the grant is what the client and the account may have.
    loadExistingGrant: (ctx: Context) => loadGrant(ctx, accounts),
    // Without the scope offline_access a refresh token ends with the browser session.
    issueRefreshToken: (_ctx: Context, client: { grantTypeAllowed(type: string): boolean }) => client.grantTypeAllowed('refresh_token'),
    interactions: { policy: signInPolicy(accounts), url: (_ctx: Context, { uid }: { uid: string }) => `/interaction/${uid}` },
    ttl: {
      AccessToken: 15 * minute,
      ClientCredentials: 15 * minute,
      AuthorizationCode: minute,
      IdToken: 15 * minute,
      Interaction: 30 * minute,
      RefreshToken: 14 * day,
      Session: 14 * day,
      Grant: 14 * day,
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx: Context, client: { clientId: string }, token: Token) => token.clientId === client.clientId,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => apiResource,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx: Context, resource: string, client: { clientId: string }) => {
          if (resource !== apiResource) throw new errors.InvalidTarget(`the only resource here is ${apiResource}`)
          return {
            audience: apiAudience,
            scope: apiScopeOf(client.clientId),
            accessTokenFormat: 'jwt',
            accessTokenTTL: 15 * minute,
            jwt: { sign: { alg: 'ES256' } },
          }
        },
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx: Context, form: string) => void (ctx.body = signOutPage(form)),
        postLogoutSuccessSource: (ctx: Context) => void (ctx.body = signedOutPage()),
      },
    },
    renderError: (ctx: Context, { error, error_description }: { error: string; error_description?: string }) => {
      ctx.type = 'html'
      ctx.body = errorPage(error_description ?? error)
    },
  })

  // Applications under development sit on any port and path of this machine.
  provider.Client.prototype.redirectUriAllowed = isLoopback
  provider.Client.prototype.postLogoutRedirectUriAllowed = isLoopback
  return provider
}

function publicClientMetadata({ id, name }: (typeof publicClients)[number]) {
  return {
    client_id: id,
    client_name: name,
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: ['http://127.0.0.1/callback'],
  }
}

function partnerClientMetadata({ id, secret }: (typeof partnerClients)[number]) {
  return { client_id: id, client_secret: secret, grant_types: ['client_credentials'], response_types: [], redirect_uris: [] }
}

function isLoopback(uri: string): boolean {
  const url = URL.parse(uri)
  return url !== null && url.protocol === 'http:' && loopback.has(url.hostname)
}

function apiScopeOf(clientId: string): string {
  return publicClients.find(({ id }) => id === clientId)?.scope ?? 'partner'
}

/** When somebody has to sign in, beyond the rules of OpenID Connect that oidc-provider knows. */
function signInPolicy(accounts: Accounts) {
  const { Check, base } = interactionPolicy
  const policy = base()
  policy.get('consent').checks.remove('native_client_prompt')
  const { checks } = policy.get('login')
  checks.add(
    new Check('second_factor', 'a second factor is required', 'login_required', ({ oidc: { session, params } }) => {
      const account = accounts.byId(session.accountId ?? '')
      return account !== undefined && needsSecondFactor(account, params['acr_values']) && session.acr !== acr.secondFactor
    }),
  )
  checks.add(
    new Check('other_account', 'the signed-in account cannot use this client', 'login_required', ({ oidc }) => {
      const account = accounts.byId(oidc.session.accountId ?? '')
      return account !== undefined && !mayUse(account, oidc.client.clientId, oidc.params['scope'])
    }),
  )
  return policy
}

/** `acr_values` is a wish (OpenID Connect Core, 3.1.2.1): an account without a second factor signs in without one. */
export function needsSecondFactor(account: Account, acrValues: unknown): boolean {
  const asked = typeof acrValues === 'string' && acrValues.split(' ').includes(acr.secondFactor)
  return account.totpSecret !== undefined && (asked || account.alwaysSecondFactor === true)
}

/** A patient has no business in the staff application, nor staff in the patients'. */
export function mayUse(account: Account, clientId: string, requestedScope: unknown): boolean {
  const scope = apiScopeOf(clientId)
  const requested = typeof requestedScope === 'string' && requestedScope.split(' ').includes(scope)
  return !requested || (scopesOf(account.roles) as Set<string>).has(scope)
}

async function loadGrant(ctx: Context, accounts: Accounts): Promise<Grant | undefined> {
  const { client, session, provider } = ctx.oidc
  const account = accounts.byId(session.accountId ?? '')
  if (!account) return undefined
  const grantId = ctx.oidc.result?.consent?.grantId ?? session.grantIdFor(client.clientId)
  const existing = grantId === undefined ? undefined : await provider.Grant.find(grantId)
  if (existing?.accountId === account.id) return existing

  const grant = new provider.Grant({ accountId: account.id, clientId: client.clientId })
  grant.addOIDCScope(issuerScopes.join(' '))
  const scope = apiScopeOf(client.clientId)
  if (mayUse(account, client.clientId, scope)) grant.addResourceScope(apiResource, scope)
  else grant.rejectResourceScope(apiResource, scope)
  await grant.save()
  return grant
}

/** Names go into the ID token, which the client reads; the access token travels and carries ids only. */
function idTokenClaims(account: Account) {
  const { id, name, givenName, familyName, email } = account
  return { sub: id, name, given_name: givenName, family_name: familyName, email }
}

function accessTokenClaims(ctx: Context, token: Token, accounts: Accounts): Record<string, unknown> | undefined {
  if (token.kind === 'ClientCredentials') {
    return { roles: partnerClients.find(({ id }) => id === token.clientId)?.roles ?? [] }
  }
  const account = accounts.byId(token.accountId ?? '')
  if (!account) return undefined
  // A refreshed token keeps the time and the strength of the sign-in it descends from.
  const signIn = ctx.oidc.entities.RefreshToken ?? ctx.oidc.entities.AuthorizationCode
  return {
    roles: account.roles,
    ...(account.patientId && { patient_id: account.patientId }),
    ...(account.practitionerId && { practitioner_id: account.practitionerId }),
    ...(account.pharmacistId && { pharmacist_id: account.pharmacistId }),
    ...(account.technicianId && { technician_id: account.technicianId }),
    ...(account.driverId && { driver_id: account.driverId }),
    amr: signIn?.amr ?? [],
    acr: signIn?.acr,
    auth_time: signIn?.authTime,
  }
}
