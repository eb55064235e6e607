/** A client as the apps are: persisted operations by hash over HTTP, subscriptions over graphql-ws, one token. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { createClient, type Client as WebSocketClient } from 'graphql-ws'
import { WebSocket } from 'ws'

const root = resolve(import.meta.dirname, '../../..')
const manifest = JSON.parse(readFileSync(resolve(root, 'schema/operations/manifest.json'), 'utf8')) as { operations: { id: string; body: string }[] }
const bodies = new Map(manifest.operations.map(({ id, body }) => [id, body]))

/** The id under which `schema/operations/<app>/<name>.graphql` is persisted. */
function operationId(app: string, name: string): string {
  const text = readFileSync(resolve(root, 'schema/operations', app, `${name}.graphql`), 'utf8')
  const found = [...bodies].find(([, body]) => squash(body) === squash(text))
  if (!found) throw new Error(`schema/operations/${app}/${name}.graphql is not in the manifest: run npm run operations`)
  return found[0]
}
const squash = (text: string): string => text.replaceAll(/[\s,]+/g, '')

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Data = any
export type GraphProblem = { message: string; path?: (string | number)[]; extensions?: { code?: string } & Record<string, unknown> }

export class GraphRefusal extends Error {
  readonly errors: GraphProblem[]
  readonly code: string | undefined
  constructor(operation: string, errors: GraphProblem[]) {
    super(`${operation}: ${errors.map(({ message, extensions }) => `${extensions?.code ?? ''} ${message}`).join('; ')}`)
    this.errors = errors
    this.code = errors[0]?.extensions?.code
  }
}

export type LiveEvent = { cursor: string; kind: 'SNAPSHOT' | 'CHANGE' } & Record<string, Data>
/** What a subscription has pushed so far; goes on after a lost connection from its last cursor. */
export type Live = { events: LiveEvent[]; closedBecause(): string | undefined; stop(): void }

export class GraphClient {
  readonly #http: string
  readonly #ws: string
  readonly #app: string
  token: string | undefined

  constructor(system: { gatewayUrl: string; wsUrl: string }, app: 'web' | 'staff' | 'mobile' | 'partner', token?: string) {
    this.#http = system.gatewayUrl
    this.#ws = system.wsUrl
    this.#app = app
    this.token = token
  }

  /** Data and errors of a persisted operation, whatever they are. Waits through a gateway that is restarting. */
  async ask(name: string, variables: Record<string, unknown> = {}): Promise<{ data?: Data; errors?: GraphProblem[] }> {
    const body = JSON.stringify({ operationName: name, variables, extensions: { persistedQuery: { version: 1, sha256Hash: operationId(this.#app, name) } } })
    const response = await fetch(this.#http, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(this.token ? { authorization: `Bearer ${this.token}` } : {}) },
      body,
    })
    return (await response.json()) as { data?: Data; errors?: GraphProblem[] }
  }

  /** Data of a persisted operation; throws GraphRefusal on any error. */
  async run(name: string, variables: Record<string, unknown> = {}): Promise<Data> {
    const { data, errors } = await this.ask(name, variables)
    if (errors?.length) throw new GraphRefusal(name, errors)
    return data
  }

  /** Subscribes and collects; the first field of the operation is taken. Reconnects by itself and resumes by cursor. */
  live(name: string, variables: Record<string, unknown> = {}): Live {
    const events: LiveEvent[] = []
    let reason: string | undefined
    let stopped = false
    let client: WebSocketClient | undefined
    const open = (): void => {
      client = createClient({
        url: this.#ws,
        webSocketImpl: WebSocket,
        connectionParams: () => ({ authorization: `Bearer ${this.token ?? ''}` }),
        retryAttempts: 0,
      })
      const after = events.at(-1)?.cursor
      client.subscribe<Record<string, LiveEvent>>(
        { operationName: name, query: '', variables: { ...variables, ...(after ? { after } : {}) }, extensions: { persistedQuery: { version: 1, sha256Hash: operationId(this.#app, name) } } },
        {
          next: ({ data, errors }) => {
            const event = data && Object.values(data)[0]
            if (event) events.push(event)
            else reason = JSON.stringify(errors)
          },
          error: (error) => {
            if (Array.isArray(error)) reason = error.map((problem: GraphProblem) => `${problem.extensions?.code ?? ''} ${problem.message}`).join('; ')
            else if (!stopped) setTimeout(open, 200) // the connection was lost: resume after the last cursor
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
        void client?.dispose()
      },
    }
  }
}
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
