/**
 * One subscription of one client: the present state first, then every change, each authorised again as it is pushed.
 * Transports read it as an async iterator; leaving it releases everything at once, even on a quiet stream.
 */
import { GraphQLError } from 'graphql'
import { AppError } from '@pharmagraph/platform/errors.ts'
import { visibility, type Answer, type LiveRun, type Prepared } from '../operations/operations.ts'
import type { Raw } from '../execution/project.ts'
import type { Callers, Trace } from '../callers.ts'
import type { Session } from '../identity/sessions.ts'
import type { LiveField } from '../supergraph/live-fields.ts'
import type { Cursors } from './cursors.ts'
import type { Feed, Filter, LiveEvent } from './feed.ts'

export type SubscriberOptions = {
  readonly feed: Feed
  readonly cursors: Cursors
  readonly callers: Callers
  /** Asked again before every push: the supergraph may have been reloaded, the token refreshed. */
  readonly prepared: () => Prepared
  readonly session: () => Session
  readonly variables: Readonly<Record<string, unknown>> | undefined
  readonly trace: Trace
  /** Events that may wait for a slow client. */
  readonly queueLimit: number
  /** Told when a lossless stream cannot keep its promise: the connection must close so that the client resumes. */
  readonly onOverflow: () => void
  /** Told once, when nothing is held any more. */
  readonly onEnd: () => void
}

/** How long a push waits for the owner of an entity to come back before the stream ends with an error. */
const ownerPatienceMs = 10_000

/** How long a subscription waits for the event stream when the gateway has not reached it yet. */
const feedPatienceMs = 10_000
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const refusal = (code: string, message: string, extensions: Record<string, unknown> = {}): GraphQLError => new GraphQLError(message, { extensions: { code, ...extensions } })

export class Subscriber implements AsyncIterableIterator<Answer> {
  readonly #options: SubscriberOptions
  readonly #produced: AsyncGenerator<Answer, void, void>
  readonly #left = new AbortController()
  readonly #gone = new Promise<void>((resolve) => this.#left.signal.addEventListener('abort', () => resolve(), { once: true }))
  #waiting: LiveEvent[] = []
  #wake: (() => void) | undefined
  #unwatch: (() => void) | undefined
  /** Sequence of the last event the client has. */
  #reached = 0

  constructor(options: SubscriberOptions) {
    this.#options = options
    this.#produced = this.#produce()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Answer>> {
    if (this.#left.signal.aborted) return { done: true, value: undefined }
    try {
      const result = await this.#produced.next()
      if (result.done) this.#release()
      return this.#left.signal.aborted ? { done: true, value: undefined } : result
    } catch (error) {
      this.#release()
      throw error instanceof AggregateError ? error.errors[0] : error instanceof AppError ? refusal(error.code, error.message, error.details) : error
    }
  }

  /** Does not wait for what is being fetched: the client is gone. */
  async return(): Promise<IteratorResult<Answer>> {
    this.#release()
    return { done: true, value: undefined }
  }

  async throw(error: unknown): Promise<IteratorResult<Answer>> {
    this.#release()
    throw error
  }

  #release(): void {
    if (this.#left.signal.aborted) return
    this.#left.abort()
    this.#unwatch?.()
    this.#unwatch = undefined
    this.#waiting = []
    this.#wake?.()
    this.#options.onEnd()
  }

  async *#produce(): AsyncGenerator<Answer, void, void> {
    const { feed, cursors } = this.#options
    const live = this.#plan()
    const filter = this.#filter(live)
    await this.#unlessLeft(Promise.race([feed.started(), pause(feedPatienceMs).then(() => Promise.reject(refusal('UNAVAILABLE', 'the event stream is not available: subscribe again')))]))
    if (this.#left.signal.aborted) return
    // from here on no event is missed: what comes while the present state is read waits its turn
    this.#unwatch = feed.watch(filter, (event) => this.#deliver(live.plan.field, event))
    const { position, epoch } = feed
    const after = live.arguments['after']
    const place = after === undefined || after === null ? undefined : cursors.read(String(after))
    if (after != null && !place) throw refusal('BAD_USER_INPUT', 'the cursor in `after` is not one of ours')

    // reading the present state is also the authorisation, so it is done for a client that resumes, too
    const snapshot = await this.#push(snapshotOf(live, cursors.write({ epoch, sequence: position })))
    const resumable = place?.epoch === epoch && (await feed.holds(place.sequence))
    if (resumable) {
      this.#reached = place.sequence
      for await (const event of feed.replay(filter, place.sequence, position)) yield* this.#change(event)
    } else {
      if (place) yield { data: null, errors: [refusal('CURSOR_EXPIRED', 'what happened since this cursor is no longer kept; the present state follows')] }
      yield snapshot
    }
    this.#reached = Math.max(this.#reached, position)

    while (!this.#left.signal.aborted) {
      const event = this.#waiting.shift()
      if (event) yield* this.#change(event)
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  #plan(): LiveRun {
    const { prepared, session, variables } = this.#options
    return prepared().live(session().actor, variables)
  }

  #filter({ plan, arguments: given }: LiveRun): Filter {
    const { actor } = this.#options.session()
    const pairs = plan.field.match.map(({ field, source }) => {
      if (source.kind === 'literal') return { field, value: source.name }
      if (source.kind === 'argument') return { field, value: String(given[source.name]) }
      const claim = actor[source.name as keyof typeof actor]
      if (claim === undefined) throw refusal('FORBIDDEN', `this subscription needs the claim ${source.name}, which your token does not have`)
      return { field, value: String(claim) }
    })
    return { types: plan.field.events, pairs }
  }

  #deliver(field: LiveField, event: LiveEvent): void {
    this.#waiting.push(event)
    if (this.#waiting.length > this.#options.queueLimit) {
      if (field.mode === 'STATE') {
        // the latest of each type tells the state; what came before it is history
        const latest = new Map(this.#waiting.map((waiting) => [waiting.type, waiting]))
        this.#waiting = [...latest.values()].sort((a, b) => a.sequence - b.sequence)
      } else {
        this.#release()
        this.#options.onOverflow()
      }
    }
    this.#wake?.()
  }

  async *#change(event: LiveEvent): AsyncGenerator<Answer, void, void> {
    if (event.sequence <= this.#reached) return
    const cursor = this.#options.cursors.write({ epoch: this.#options.feed.epoch, sequence: event.sequence })
    const answer = await this.#push(changeOf(this.#plan(), event, cursor), event.trace)
    this.#reached = event.sequence
    yield answer
  }

  /** Authorises and completes one event as the subscriber. */
  async #push({ live, source }: { live: LiveRun; source: Raw }, trace: Trace = this.#options.trace): Promise<Answer> {
    const { callers, session } = this.#options
    const deadline = Date.now() + ownerPatienceMs
    for (let wait = 100; ; wait *= 2) {
      const current = session()
      if (current.expiresAt !== undefined && current.expiresAt * 1000 <= Date.now()) throw refusal('UNAUTHENTICATED', 'the access token has expired', { reason: 'TOKEN_EXPIRED' })
      const { answer, run, event } = await callers.push(current, trace, live.plan.field.name, (caller) => live.run(source, caller.send))
      const seen = visibility(live, event, run)
      if (seen === 'SHOWN') return answer
      if (seen === 'GONE') throw refusal('NOT_FOUND', 'there is no such thing, or it is not yours')
      if (this.#left.signal.aborted || Date.now() + wait > deadline) {
        const [service] = run.unavailable
        throw refusal('SUBGRAPH_UNAVAILABLE', 'the service that owns this is not available: subscribe again with the last cursor', service === undefined ? {} : { serviceName: service })
      }
      await this.#unlessLeft(pause(wait))
    }
  }

  async #unlessLeft(promise: Promise<unknown>): Promise<void> {
    await Promise.race([promise, this.#gone])
  }
}

/** The event that comes first: the entities the client named by argument. */
function snapshotOf(live: LiveRun, cursor: string): { live: LiveRun; source: Raw } {
  const known: Raw = {}
  for (const { field, source } of live.plan.field.match) {
    if (source.kind === 'argument') known[field] = live.arguments[source.name]
    if (source.kind === 'literal') known[field] = source.name
  }
  return { live, source: { ...stubs(live.plan.field, known, () => true), cursor, kind: 'SNAPSHOT', at: new Date().toISOString() } }
}

/** A change tells of the one entity it is about, by id; a whole, such as a queue, comes in the snapshot only. */
function changeOf(live: LiveRun, event: LiveEvent, cursor: string): { live: LiveRun; source: Raw } {
  const { data } = event
  const source = { ...stubs(live.plan.field, data, (key) => key === 'id'), cursor, kind: 'CHANGE', at: event.time, status: data['to'], state: data['state'] ?? data['to'] }
  return { live, source }
}

function stubs(field: LiveField, data: Readonly<Record<string, unknown>>, wanted: (key: string) => boolean): Raw {
  const result: Raw = {}
  for (const stub of field.stubs) {
    const value = data[stub.dataField]
    result[stub.field] = value != null && wanted(stub.key) ? { __typename: stub.type, [stub.key]: value } : null
  }
  return result
}
