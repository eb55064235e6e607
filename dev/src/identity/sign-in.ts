/**
 * Signs people in from a program, the way a browser does it: authorization code with PKCE, cookies, and the forms of the
 * real pages. For the demo and the tests.
 */
import { createHash, randomBytes } from 'node:crypto'
import { totpNow } from './accounts.ts'
import { acr, issuerScopes, publicClients, scopesOf } from './clients.ts'
import type { Person } from './people.ts'

const redirectUri = 'http://127.0.0.1/callback'
const maxSteps = 12

export interface SignedIn {
  accessToken: string
  refreshToken?: string
  idToken?: string
  /** When the access token expires, in milliseconds since the epoch. */
  expiresAt: number
  /** Asks for the second factor in the same browser session: a new token with a fresh `auth_time` and `otp` in `amr`. */
  stepUp(): Promise<SignedIn>
  /** A new access token for the refresh token, with the `auth_time` of the old one. */
  refresh(): Promise<SignedIn>
  /** Opens another application, or signs somebody else in, in the same browser. */
  signInAs(person: Credentials, options?: SignInOptions): Promise<SignedIn>
}

export interface SignInOptions {
  /** Default: `web` for patients and caregivers, else `staff`. */
  clientId?: string
  /** Ask for the second factor. Accounts that always need it give their code either way. */
  otp?: boolean
  /** Ask for a refresh token that outlives the browser session. */
  offline?: boolean
  /** The code to enter instead of the person's current one. */
  code?: string
}

type Credentials = Pick<Person, 'email' | 'password'> & Partial<Pick<Person, 'roles' | 'totpSecret'>>

/** The issuer refused; `code` is the OAuth error code, or `form` where a page showed the form again with a problem. */
export class SignInError extends Error {
  override readonly name = 'SignInError'
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

export async function signIn(issuer: string, person: Credentials, options: SignInOptions = {}): Promise<SignedIn> {
  return signInWith(new Cookies(), issuer, person, options)
}

function signInWith(cookies: Cookies, issuer: string, person: Credentials, options: SignInOptions): Promise<SignedIn> {
  const clientId = options.clientId ?? (scopesOf(person.roles ?? ['patient']).has('patient') ? 'web' : 'staff')
  return authorize({ issuer, clientId, cookies }, options, answers(person, options.code))
}

export interface NewPatient {
  givenName: string
  familyName: string
  email: string
  password: string
}

/** Creates a patient's account on the sign-up page, which also signs it in. */
export async function signUp(issuer: string, form: NewPatient, options: { clientId?: string } = {}): Promise<SignedIn> {
  const browser = { issuer, clientId: options.clientId ?? 'web', cookies: new Cookies() }
  return authorize(browser, {}, (page) => {
    const link = page.text.match(/href="([^"]*\/sign-up)"/)?.[1]
    if (link !== undefined && !page.fields.has('givenName')) return { open: link }
    return { fill: { ...form } }
  })
}

/** A partner's token by client credentials. */
export async function clientCredentials(issuer: string, clientId: string, secret: string): Promise<{ accessToken: string; expiresAt: number }> {
  const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString('base64')
  const tokens = await tokenRequest(issuer, { grant_type: 'client_credentials', scope: 'partner' }, { authorization: `Basic ${basic}` })
  return { accessToken: tokens.access_token, expiresAt: Date.now() + tokens.expires_in * 1000 }
}

interface Browser {
  issuer: string
  clientId: string
  cookies: Cookies
}

interface Page {
  url: string
  text: string
  /** Names of the form's inputs. */
  fields: Set<string>
}

type Answer = { open: string } | { fill: Record<string, string> }

/** What a person would do on a page: fill in e-mail and password, or the code; just go on where nothing is asked. */
function answers({ email, password, totpSecret }: Credentials, code?: string): (page: Page) => Answer {
  return (page): Answer => {
    if (page.fields.has('email')) return { fill: { email, password } }
    if (!page.fields.has('code')) return { fill: {} }
    const current = code ?? (totpSecret === undefined ? undefined : totpNow(totpSecret).code)
    if (current === undefined) throw new SignInError('no_code', `the issuer asks for a code, but ${email} has no TOTP secret`)
    return { fill: { code: current } }
  }
}

async function authorize(browser: Browser, { otp, offline }: SignInOptions, answer: (page: Page) => Answer): Promise<SignedIn> {
  const verifier = randomBytes(32).toString('base64url')
  const state = randomBytes(8).toString('base64url')
  const apiScope = publicClients.find(({ id }) => id === browser.clientId)?.scope
  const request = new URL('/auth', browser.issuer)
  request.search = new URLSearchParams({
    client_id: browser.clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: [...issuerScopes, apiScope].join(' '),
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...(otp && { acr_values: acr.secondFactor }),
    // OpenID Connect Core, 11: offline access is granted only where consent was asked for.
    prompt: [...(otp ? ['login'] : []), ...(offline ? ['consent'] : [])].join(' '),
  }).toString()
  if (!otp && !offline) request.searchParams.delete('prompt')

  const callback = await browse(browser, request.href, answer)
  const error = callback.searchParams.get('error')
  if (error !== null) throw new SignInError(error, callback.searchParams.get('error_description') ?? error)
  if (callback.searchParams.get('state') !== state) throw new SignInError('state', 'the answer belongs to another request')
  const code = callback.searchParams.get('code') ?? ''
  const form = { grant_type: 'authorization_code', client_id: browser.clientId, redirect_uri: redirectUri, code, code_verifier: verifier }
  const tokens = await tokenRequest(browser.issuer, form)
  if (otp && !usedSecondFactor(tokens.access_token)) throw new SignInError('no_second_factor', 'this account has no second factor')
  return signedIn(browser, tokens, answer)
}

function usedSecondFactor(accessToken: string): boolean {
  const claims = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()) as { amr?: string[] }
  return claims.amr?.includes('otp') === true
}

/** Follows redirects and fills in forms until the issuer sends the browser back to the application. */
async function browse({ cookies }: Browser, start: string, answer: (page: Page) => Answer): Promise<URL> {
  let url = start
  let form: Record<string, string> | undefined
  for (let step = 0; step < maxSteps; step += 1) {
    const response = await fetch(url, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: cookies.headerFor(url), accept: 'text/html' },
      ...(form && { body: new URLSearchParams(form) }),
    })
    cookies.store(url, response.headers.getSetCookie())
    const location = response.headers.get('location')
    const text = await response.text()
    if (location !== null) {
      url = new URL(location, url).href
      form = undefined
      if (url.startsWith(redirectUri)) return new URL(url)
      continue
    }
    const problems = [...text.matchAll(/class="problem"[^>]*>([^<]*)</g)].map(([, problem]) => problem)
    if (!response.ok) throw new SignInError('form', problems.join(' ') || `${url} answered ${response.status}`)
    const next = answer({ url, text, fields: new Set([...text.matchAll(/<input[^>]* name="([^"]+)"/g)].map(([, name = '']) => name)) })
    const target = 'open' in next ? next.open : (text.match(/<form[^>]* action="([^"]+)"/)?.[1] ?? url)
    url = new URL(target, url).href
    const hidden = [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value])
    form = 'fill' in next ? { ...Object.fromEntries(hidden), ...next.fill } : undefined
  }
  throw new SignInError('loop', `no end after ${maxSteps} pages; the last was ${url}`)
}

interface Tokens {
  access_token: string
  refresh_token?: string
  id_token?: string
  expires_in: number
}

async function tokenRequest(issuer: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Tokens> {
  const response = await fetch(new URL('/token', issuer), { method: 'POST', headers, body: new URLSearchParams(form) })
  const answer = (await response.json()) as Tokens & { error?: string; error_description?: string }
  if (!response.ok) throw new SignInError(answer.error ?? String(response.status), answer.error_description ?? 'the token request failed')
  return answer
}

function signedIn(browser: Browser, tokens: Tokens, answer: (page: Page) => Answer): SignedIn {
  return {
    accessToken: tokens.access_token,
    expiresAt: Date.now() + tokens.expires_in * 1000,
    ...(tokens.refresh_token !== undefined && { refreshToken: tokens.refresh_token }),
    ...(tokens.id_token !== undefined && { idToken: tokens.id_token }),
    stepUp: () => authorize(browser, { otp: true }, answer),
    signInAs: (person, options = {}) => signInWith(browser.cookies, browser.issuer, person, options),
    async refresh() {
      const form = { grant_type: 'refresh_token', client_id: browser.clientId, refresh_token: tokens.refresh_token ?? '' }
      return signedIn(browser, await tokenRequest(browser.issuer, form), answer)
    },
  }
}

/** As much of a cookie jar as one issuer on one host needs: name, value and path. */
class Cookies {
  readonly #cookies = new Map<string, { name: string; value: string; path: string }>()

  store(url: string, lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(/;\s*/)
      const [name = '', ...value] = pair.split('=')
      const path = attributes.find((attribute) => /^path=/i.test(attribute))?.slice(5) ?? new URL(url).pathname
      const expired = attributes.some((attribute) => /^expires=/i.test(attribute) && Date.parse(attribute.slice(8)) <= Date.now())
      if (expired) this.#cookies.delete(`${name} ${path}`)
      else this.#cookies.set(`${name} ${path}`, { name, value: value.join('='), path })
    }
  }

  headerFor(url: string): string {
    const { pathname } = new URL(url)
    const fits = ({ path }: { path: string }) => pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`)
    return [...this.#cookies.values()].filter(fits).map(({ name, value }) => `${name}=${value}`).join('; ')
  }
}
