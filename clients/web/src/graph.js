/** The graph over persisted operations: answers over HTTP, live fields over one WebSocket that goes on where it broke off. */

/** @typedef {{ message: string, extensions?: { code?: string } }} Problem */
/** @typedef {{ subscribe(request: any, sink: any): () => void, dispose(): unknown }} SocketClient */
/** @typedef {import('./session.js').Session} Session */

export class GraphError extends Error {
  /** @param {Problem[]} problems */
  constructor(problems) {
    super(problems.map(({ message }) => message).join(' '))
    this.code = problems[0]?.extensions?.code
  }
}

/** How long to wait before the n-th attempt. @param {number} attempt */
const pauseMs = (attempt) => Math.min(250 * 2 ** attempt, 5_000)

export class Graph {
  #session
  #fetch
  #socket
  #wait

  /** @param {{ session: Session, fetch: typeof globalThis.fetch, socket: SocketClient, wait?: (ms: number) => Promise<void> }} parts */
  constructor({ session, fetch, socket, wait = (ms) => new Promise((done) => setTimeout(done, ms)) }) {
    this.#session = session
    this.#fetch = fetch
    this.#socket = socket
    this.#wait = wait
  }

  /** Data of a persisted operation; throws GraphError where it has errors. @param {string} name @param {Record<string, unknown>} [variables] @returns {Promise<any>} */
  async run(name, variables = {}) {
    const token = await this.#session.token()
    const response = await this.#fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify({ operationName: name, variables, ...this.#persisted(name) }),
    })
    const { data, errors } = await response.json().catch(() => ({ errors: [{ message: 'The pharmacy does not answer. Please try again.' }] }))
    if (errors?.length && !data) throw new GraphError(errors)
    return data
  }

  /**
   * Hands on each event of a subscription, once and in order, until `stop` is called or the graph ends it. A connection
   * that breaks, or is closed with its token, is opened again and goes on after the last cursor.
   * @param {string} name @param {Record<string, unknown>} variables
   * @param {{ event(event: any): void, state?(state: 'live' | 'waiting' | 'ended', why?: string): void }} listener
   * @returns {() => void} stop
   */
  live(name, variables, { event, state = () => {} }) {
    let stopped = false
    let attempt = 0
    /** @type {string | undefined} */ let cursor
    /** @type {(() => void) | undefined} */ let leave

    const again = async () => {
      if (stopped) return
      state('waiting')
      await this.#wait(pauseMs(attempt++))
      open()
    }
    const end = (/** @type {string} */ why) => {
      stopped = true
      state('ended', why)
    }
    const open = () => {
      if (stopped) return
      leave = this.#socket.subscribe({ operationName: name, query: '', variables: { ...variables, ...(cursor ? { after: cursor } : {}) }, ...this.#persisted(name) }, {
        next: (/** @type {{ data?: Record<string, any>, errors?: Problem[] }} */ { data, errors }) => {
          const got = data && Object.values(data)[0]
          if (!got) return end(errors?.map(({ message }) => message).join(' ') ?? 'nothing came')
          attempt = 0
          state('live')
          if (got.cursor === cursor) return
          cursor = got.cursor
          event(got)
        },
        error: (/** @type {unknown} */ trouble) => {
          if (!Array.isArray(trouble)) return void again()
          // what was missed is no longer kept: start over with a snapshot
          if (trouble.some(({ extensions }) => extensions?.code === 'CURSOR_EXPIRED') && cursor) {
            cursor = undefined
            return void again()
          }
          end(trouble.map(({ message }) => message).join(' '))
        },
        complete: () => void again(),
      })
    }
    open()
    return () => {
      stopped = true
      leave?.()
    }
  }

  /** @param {string} name */
  #persisted(name) {
    const id = this.#session.operations[name]
    if (!id) throw new Error(`there is no persisted operation ${name} for this application`)
    return { extensions: { persistedQuery: { version: 1, sha256Hash: id } } }
  }
}
