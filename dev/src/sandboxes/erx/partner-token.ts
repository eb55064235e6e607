/** How the network signs in at the pharmacy's identity provider, as any partner does. */
export interface PartnerCredentials {
  /** The OIDC issuer; its discovery document names the token endpoint. */
  issuer: string
  clientId: string
  clientSecret: string
  scope: string
}

const REFRESH_EARLY_MS = 30_000

/** Gets access tokens by the client credentials grant and keeps one while it lasts. */
export class PartnerTokens {
  readonly #credentials: PartnerCredentials
  #token: { value: string; until: number } | undefined

  constructor(credentials: PartnerCredentials) {
    this.#credentials = credentials
  }

  async get(): Promise<string> {
    if (!this.#token || this.#token.until <= Date.now()) this.#token = await this.#request()
    return this.#token.value
  }

  /** Forgets the token, as after a 401. */
  drop(): void {
    this.#token = undefined
  }

  async #request(): Promise<{ value: string; until: number }> {
    const { issuer, clientId, clientSecret, scope } = this.#credentials
    const discovery = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
    if (!discovery.ok) throw new Error(`The identity provider's discovery document answered ${discovery.status}`)
    const { token_endpoint } = (await discovery.json()) as { token_endpoint: string }
    const response = await fetch(token_endpoint, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64')}`,
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope }),
    })
    if (!response.ok) throw new Error(`The identity provider refused a token: ${response.status}`)
    const { access_token, expires_in = 60 } = (await response.json()) as { access_token: string; expires_in?: number }
    return { value: access_token, until: Date.now() + expires_in * 1000 - REFRESH_EARLY_MS }
  }
}
