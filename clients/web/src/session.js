/**
 * Signing in with OpenID Connect: authorization code with PKCE (RFC 7636), whole-page redirects. Tokens live in memory
 * only; a reload asks the issuer again without showing anything (`prompt=none`).
 */

/** @typedef {{ issuer: string, clients: Record<string, { scope: string, operations: Record<string, string> }> }} Config */
/** @typedef {{ access_token: string, refresh_token?: string, id_token?: string, expires_in: number }} Tokens */
/** @typedef {{ getItem(key: string): string | null, setItem(key: string, value: string): void, removeItem(key: string): void }} Store */
/** @typedef {{ config: Config, store: Store, page: string, leave(url: string): void, fetch: typeof globalThis.fetch, now?: () => number }} Surroundings */

const pendingKey = 'pharmagraph.pending'
const clientKey = 'pharmagraph.client'
/** A token this close to its end is exchanged first. */
const spareMs = 30_000

/** @param {ArrayBuffer | Uint8Array} bytes */
const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
const randomText = () => base64url(crypto.getRandomValues(new Uint8Array(32)))
/** @param {string} verifier */
export const challengeOf = async (verifier) => base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier)))

/** The claims of a token, for showing only: who decides is the gateway. @param {string} token */
export const claimsOf = (token) => JSON.parse(new TextDecoder().decode(Uint8Array.from(atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))))

export class Session {
  /** @type {Surroundings} */ #near
  /** @type {{ client: string, tokens: Tokens, expiresAt: number } | undefined} */ #held
  /** @type {Promise<void> | undefined} */ #refreshing
  /** @type {Promise<{ authorization_endpoint: string, token_endpoint: string, end_session_endpoint?: string }> | undefined} */ #endpoints

  /** @param {Surroundings} near */
  constructor(near) {
    this.#near = near
  }

  get client() {
    return this.#held?.client
  }

  /** @returns {{ name?: string, roles: string[] } | undefined} */
  get person() {
    if (!this.#held) return undefined
    const { id_token, access_token } = this.#held.tokens
    return { name: id_token && claimsOf(id_token).name, roles: claimsOf(access_token).roles ?? [] }
  }

  /** The operations this client may run: name to id. */
  get operations() {
    return this.#near.config.clients[this.#held?.client ?? 'web']?.operations ?? {}
  }

  /**
   * Takes up what the issuer sent back, or asks it quietly whether somebody is signed in. True when the page is to go on;
   * false when it is being left.
   * @param {URLSearchParams} answer
   */
  async resume(answer) {
    const pending = JSON.parse(this.#near.store.getItem(pendingKey) ?? 'null')
    this.#near.store.removeItem(pendingKey)
    if (answer.has('state')) {
      if (!pending || pending.state !== answer.get('state')) return { problem: 'This sign-in was begun elsewhere. Please try again.' }
      if (answer.has('error')) {
        if (pending.quiet) this.#near.store.removeItem(clientKey)
        return pending.quiet ? {} : { problem: answer.get('error_description') ?? 'The sign-in failed.' }
      }
      await this.#take(pending.client, { grant_type: 'authorization_code', code: answer.get('code') ?? '', redirect_uri: this.#near.page, code_verifier: pending.verifier })
      return { back: pending.back }
    }
    const client = this.#near.store.getItem(clientKey)
    if (!client) return {}
    await this.signIn(client, { quiet: true })
    return { left: true }
  }

  /**
   * Leaves for the issuer. `acrValues` and `maxAge` ask for a fresh second factor, as a StepUpRequired of the graph says.
   * @param {string} client @param {{ quiet?: boolean, acrValues?: string, maxAge?: number, back?: string }} [wish]
   */
  async signIn(client, { quiet = false, acrValues, maxAge, back = globalThis.location?.hash ?? '' } = {}) {
    const { authorization_endpoint } = await this.#issuer()
    const [verifier, state] = [randomText(), randomText()]
    this.#near.store.setItem(pendingKey, JSON.stringify({ client, verifier, state, quiet, back }))
    const url = new URL(authorization_endpoint)
    url.search = new URLSearchParams({
      client_id: client, response_type: 'code', redirect_uri: this.#near.page, scope: `openid profile ${this.#near.config.clients[client]?.scope ?? ''}`.trim(), state,
      code_challenge: await challengeOf(verifier), code_challenge_method: 'S256',
      ...(quiet ? { prompt: 'none' } : acrValues ? { prompt: 'login' } : {}),
      ...(acrValues ? { acr_values: acrValues } : {}),
      ...(maxAge === undefined ? {} : { max_age: String(maxAge) }),
    }).toString()
    this.#near.leave(url.href)
  }

  async signOut() {
    const { end_session_endpoint } = await this.#issuer()
    const hint = this.#held?.tokens.id_token
    this.#held = undefined
    this.#near.store.removeItem(clientKey)
    if (!end_session_endpoint) return this.#near.leave(this.#near.page)
    const url = new URL(end_session_endpoint)
    url.search = new URLSearchParams({ ...(hint ? { id_token_hint: hint } : {}), post_logout_redirect_uri: this.#near.page }).toString()
    this.#near.leave(url.href)
  }

  /** An access token that holds for a while yet; undefined for nobody. @returns {Promise<string | undefined>} */
  async token() {
    const held = this.#held
    if (!held) return undefined
    if (held.expiresAt - spareMs > this.#now() || !held.tokens.refresh_token) return held.tokens.access_token
    // many callers, one exchange: a refresh token may be good for one use only
    this.#refreshing ??= this.#take(held.client, { grant_type: 'refresh_token', refresh_token: held.tokens.refresh_token }).finally(() => (this.#refreshing = undefined))
    await this.#refreshing
    return this.#held?.tokens.access_token
  }

  #now() {
    return this.#near.now?.() ?? Date.now()
  }

  #issuer() {
    this.#endpoints ??= this.#near.fetch(`${this.#near.config.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`).then((response) => response.json())
    return this.#endpoints
  }

  /** @param {string} client @param {Record<string, string>} grant */
  async #take(client, grant) {
    const { token_endpoint } = await this.#issuer()
    const response = await this.#near.fetch(token_endpoint, { method: 'POST', body: new URLSearchParams({ ...grant, client_id: client }) })
    const tokens = await response.json()
    if (!response.ok) {
      this.#held = undefined
      throw new Error(tokens.error_description ?? 'The session has ended. Please sign in again.')
    }
    this.#held = { client, tokens: { ...this.#held?.tokens, ...tokens }, expiresAt: this.#now() + tokens.expires_in * 1000 }
    this.#near.store.setItem(clientKey, client)
  }
}
