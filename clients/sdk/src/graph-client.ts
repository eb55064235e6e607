/** A client as the apps are: persisted operations by hash over HTTP, subscriptions over graphql-ws, one token. */
import { readFileSync } from 'node:fs'
import { createClient, type Client as WebSocketClient } from 'graphql-ws'
import { WebSocket } from 'ws'

export type AppName = 'web' | 'staff' | 'mobile' | 'partner'
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Data = any
export type GraphProblem = { message: string; path?: (string | number)[]; extensions?: { code?: string } & Record<string, unknown> }

/** The graph answered with errors; `code` is the first one's. */
export class GraphRefusal extends Error {
  readonly errors: GraphProblem[]
  readonly code: string | undefined
  constructor(operation: string, errors: GraphProblem[]) {
    super(`${operation}: ${errors.map(({ message, extensions }) => `${extensions?.code ?? ''} ${message}`).join('; ')}`)
    this.name = 'GraphRefusal'
    this.errors = errors
    this.code = errors[0]?.extensions?.code
  }
}

export type LiveEvent = { cursor: string; kind: 'SNAPSHOT' | 'CHANGE' } & Record<string, Data>
/** What a subscription has pushed so far; `closedBecause` tells why no more will come. */
export type Live = { readonly events: LiveEvent[]; closedBecause(): string | undefined; stop(): void }

const reconnectAfterMs = 200
const schemaFolder = new URL('../../../schema/operations/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('manifest.json', schemaFolder), 'utf8')) as { operations: { id: string; body: string }[] }
const withoutLayout = (text: string): string => text.replaceAll(/[\s,]+/g, '')
const idByBody = new Map(manifest.operations.map(({ id, body }) => [withoutLayout(body), id]))

/** The id under which schema/operations/<app>/<name>.graphql is persisted. */
export function operationId(app: AppName, name: string): string {
  const id = idByBody.get(withoutLayout(readFileSync(new URL(`${app}/${name}.graphql`, schemaFolder), 'utf8')))
  if (!id) throw new Error(`schema/operations/${app}/${name}.graphql is not in the manifest: run npm run operations`)
  return id
}

export class GraphClient {
  readonly #system: { gatewayUrl: string; wsUrl: string }
  readonly #app: AppName
  /** Access token; may be replaced at any time, as after a step-up. */
  token: string | undefined

  constructor(system: { gatewayUrl: string; wsUrl: string }, app: AppName, token?: string) {
    this.#system = system
    this.#app = app
    this.token = token
  }

  /** Data and errors of a persisted operation, whatever they are. */
  async ask(name: string, variables: Record<string, unknown> = {}): Promise<{ data?: Data; errors?: GraphProblem[] }> {
    const response = await fetch(this.#system.gatewayUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(this.token ? { authorization: `Bearer ${this.token}` } : {}) },
      body: JSON.stringify({ operationName: name, variables, ...this.#persisted(name) }),
    })
    return (await response.json()) as { data?: Data; errors?: GraphProblem[] }
  }

  /** Data of a persisted operation; throws GraphRefusal on any error. */
  async run(name: string, variables: Record<string, unknown> = {}): Promise<Data> {
    const { data, errors } = await this.ask(name, variables)
    if (errors?.length) throw new GraphRefusal(name, errors)
    return data
  }

  /** Subscribes and collects the operation's one field. A lost connection is opened again and resumes after the last cursor. */
  live(name: string, variables: Record<string, unknown> = {}): Live {
    const events: LiveEvent[] = []
    let reason: string | undefined
    let stopped = false
    let socket: WebSocketClient | undefined
    const open = (): void => {
      if (stopped) return
      socket = createClient({
        url: this.#system.wsUrl,
        webSocketImpl: WebSocket,
        connectionParams: () => ({ authorization: `Bearer ${this.token ?? ''}` }),
        retryAttempts: 0,
      })
      const after = events.at(-1)?.cursor
      socket.subscribe<Record<string, LiveEvent>>(
        { operationName: name, query: '', variables: { ...variables, ...(after ? { after } : {}) }, ...this.#persisted(name) },
        {
          next: ({ data, errors }) => {
            const event = data && Object.values(data)[0]
            if (event) events.push(event)
            else reason = JSON.stringify(errors)
          },
          error: (error) => {
            if (Array.isArray(error)) reason = error.map(({ message, extensions }: GraphProblem) => `${extensions?.code ?? ''} ${message}`).join('; ')
            else setTimeout(open, reconnectAfterMs)
          },
          complete: () => {
            reason ??= 'completed'
          },
        },
      )
    }
    open()
    return {
      events,
      closedBecause: () => reason,
      stop() {
        stopped = true
        void socket?.dispose()
      },
    }
  }

  #persisted(name: string): { extensions: Record<string, unknown> } {
    return { extensions: { persistedQuery: { version: 1, sha256Hash: operationId(this.#app, name) } } }
  }
}
