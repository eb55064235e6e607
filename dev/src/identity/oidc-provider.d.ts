/** The part of oidc-provider 9 that is used here; the package ships no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  export interface Context {
    type: string
    status: number
    body: unknown
    set(header: string, value: string): void
    oidc: {
      provider: Provider
      client: Client
      session: Session
      account?: { accountId: string }
      params: Record<string, unknown>
      result?: InteractionResult
      entities: { AuthorizationCode?: AuthenticationSource; RefreshToken?: AuthenticationSource }
      acr?: string
      requestParamScopes: Set<string>
    }
  }
  export interface Client {
    clientId: string
    clientName?: string
    redirectUriAllowed(uri: string): boolean
    postLogoutRedirectUriAllowed(uri: string): boolean
  }
  export interface Session {
    accountId?: string
    acr?: string
    grantIdFor(clientId: string): string | undefined
  }
  /** How and when the person behind a code or a refresh token signed in. */
  export interface AuthenticationSource {
    acr?: string
    amr?: string[]
    authTime?: number
  }
  export interface Token {
    kind: string
    accountId?: string
    clientId: string
  }
  export interface Grant {
    accountId: string
    addOIDCScope(scope: string): void
    addResourceScope(resource: string, scope: string): void
    rejectResourceScope(resource: string, scope: string): void
    save(): Promise<string>
  }
  export interface InteractionResult {
    login?: { accountId: string; amr: string[]; acr: string; ts: number; remember?: boolean }
    consent?: { grantId?: string }
    error?: string
    error_description?: string
  }
  export interface Interaction {
    uid: string
    prompt: { name: string; reasons: string[]; details: Record<string, unknown> }
    params: Record<string, unknown> & { client_id: string }
    session?: { accountId: string }
    grantId?: string
  }

  export interface Adapter {
    upsert(id: string, payload: Payload, expiresIn?: number): Promise<void>
    find(id: string): Promise<Payload | undefined>
    findByUid(uid: string): Promise<Payload | undefined>
    findByUserCode(userCode: string): Promise<Payload | undefined>
    consume(id: string): Promise<void>
    destroy(id: string): Promise<void>
    revokeByGrantId(grantId: string): Promise<void>
  }
  export interface Payload extends Record<string, unknown> {
    grantId?: string
    uid?: string
  }

  export default class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>)
    readonly issuer: string
    readonly Client: { prototype: Client }
    readonly Grant: { new (input: { accountId: string; clientId: string }): Grant; find(id: string): Promise<Grant | undefined> }
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
    on(event: string, listener: (context: Context, error: Error) => void): this
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: InteractionResult,
      options?: { mergeWithLastSubmission?: boolean },
    ): Promise<void>
  }

  export class Check {
    constructor(reason: string, description: string, error: string, check: (context: Context) => boolean | Promise<boolean>)
  }
  interface Prompt {
    checks: { add(check: Check): void; remove(reason: string): void }
  }
  export const interactionPolicy: { base(): Prompt[] & { get(name: string): Prompt }; Check: typeof Check }
  export const errors: { InvalidTarget: new (description?: string) => Error; SessionNotFound: new () => Error }
}
