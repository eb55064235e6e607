/** The three ways to read a subscription, each with the client library of the field. */
import { ApolloClient, HttpLink, InMemoryCache, gql, type CombinedGraphQLErrors } from '@apollo/client'
import { createClient as createSseClient } from 'graphql-sse'
import { createClient as createWebSocketClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import type { Answer } from './world.ts'

export type Request = { query: string; variables?: Record<string, unknown> }

/** How a stream ended: with a code of the gateway, or `complete`, or `broken` where the connection was cut without a word. */
export type End = { readonly code: string; readonly at: number }

export type Stream = {
  /** Answers so far, oldest first; those that carry errors only, too. */
  readonly answers: Answer[]
  readonly ended: Promise<End>
  leave(): void
}

export type Transport = (gatewayUrl: string, token: string | undefined, request: Request) => Stream

const headersOf = (token: string | undefined): Record<string, string> => (token === undefined ? {} : { authorization: `Bearer ${token}` })

/** Collects what a library reports; its listeners may speak after the end. */
function collector(): { answers: Answer[]; ended: Promise<End>; next(answer: Answer): void; end(code: string): void } {
  const { promise: ended, resolve } = Promise.withResolvers<End>()
  const answers: Answer[] = []
  return { answers, ended, next: (answer) => void answers.push(answer), end: (code) => resolve({ code, at: Date.now() }) }
}

type Errors = NonNullable<Answer['errors']>
const codeOf = (errors: Errors): string => String(errors[0]!.extensions['reason'] ?? errors[0]!.extensions['code'])
/** A refusal that ends a stream over HTTP comes as an answer of errors alone. */
const lastWord = (answer: Answer): string | undefined => (answer.errors && !answer.data && answer.errors[0]!.extensions['code'] !== 'CURSOR_EXPIRED' ? codeOf(answer.errors) : undefined)

export const transports = {
  'graphql-ws'(gatewayUrl, token, request) {
    const { answers, ended, next, end } = collector()
    const client = createWebSocketClient({
      url: gatewayUrl.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: headersOf(token),
      // the code of a socket that closes, which the library tells after the reason of the stream
      on: { closed: (event) => end(`${(event as { code: number }).code}`) },
    })
    client.subscribe(request, {
      next: (answer) => next(answer as Answer),
      error: (error) => Array.isArray(error) && end(codeOf(error as unknown as Errors)),
      complete: () => end('complete'),
    })
    return { answers, ended, leave: () => void client.dispose() }
  },

  'graphql-sse'(gatewayUrl, token, request) {
    const { answers, ended, next, end } = collector()
    const client = createSseClient({ url: `${gatewayUrl}/stream`, headers: headersOf(token), retryAttempts: 0 })
    let last: string | undefined
    client.subscribe(request as never, {
      next: (answer) => {
        last = lastWord(answer as Answer)
        next(answer as Answer)
      },
      error: () => end(last ?? 'broken'),
      complete: () => end(last ?? 'complete'),
    })
    return { answers, ended, leave: () => client.dispose() }
  },

  '@apollo/client'(gatewayUrl, token, request) {
    const { answers, ended, next, end } = collector()
    const client = new ApolloClient({ link: new HttpLink({ uri: gatewayUrl, headers: headersOf(token) }), cache: new InMemoryCache() })
    let last: string | undefined
    const subscription = client.subscribe({ query: gql(request.query), variables: request.variables ?? {}, fetchPolicy: 'no-cache', errorPolicy: 'all' }).subscribe({
      next({ data, error }) {
        // it asks for the name of each type by itself
        const plain = data ? (JSON.parse(JSON.stringify(data, (key, value: unknown) => (key === '__typename' ? undefined : value))) as Record<string, any>) : undefined
        const errors = (error as CombinedGraphQLErrors | undefined)?.errors as Errors | undefined
        const answer: Answer = { ...(plain && { data: plain }), ...(error && { errors: errors ?? [{ message: error.message, extensions: { code: 'broken' } }] }) }
        last = lastWord(answer)
        next(answer)
      },
      error: () => end(last ?? 'broken'),
      complete: () => end(last ?? 'complete'),
    })
    return { answers, ended, leave: () => subscription.unsubscribe() }
  },
} satisfies Record<string, Transport>

export type TransportName = keyof typeof transports
export const transportNames = Object.keys(transports) as TransportName[]
