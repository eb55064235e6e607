/**
 * One subscription of one client: the present state first, then every change, each authorised again as it is pushed.
 * Leaving it releases everything at once, even on a quiet stream.
 */
import { GraphQLError } from 'graphql'
import { AppError } from '@pharmagraph/platform/errors.ts'
import type { Completed, LiveRun, Operations, Prepared } from '../operations/operations.ts'
import type { Callers, Trace } from '../callers.ts'
import type { Session } from '../identity/sessions.ts'
import type { LiveField } from '../supergraph/live-fields.ts'
import type { Asker, Completion, Completions } from './completions.ts'
import type { Cursors } from './cursors.ts'
import type { Feed, Filter, LiveEvent } from './feed.ts'

/** Sends one answer, given as JSON; resolves when the client can take more, undefined where it can at once. */
export type Push = (body: string) => Promise<void> | undefined

export type SubscriberOptions = {
  readonly feed: Feed
  readonly cursors: Cursors
  readonly completions: Completions
  readonly callers: Callers
  /** The graph in force; a new one means that the operation is planned again. */
  readonly operations: () => Operations
  /** Calls back now and at every new graph, until the returned function is called. */
  readonly onGraph: (callback: () => void) => () => void
  readonly prepared: () => Prepared
  /** Asked before every push: the token may have been refreshed. */
  readonly session: () => Session
  readonly variables: Readonly<Record<string, unknown>> | undefined
  readonly trace: Trace
  readonly push: Push
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

/** A subscription as it is planned for one graph and one token. */
type Planned = Asker & { readonly operations: Operations; readonly session: Session }

export class Subscriber {
  readonly #options: SubscriberOptions
  readonly #gone = Promise.withResolvers<void>()
  #left = false
  #planned: Planned | undefined
  #waiting: LiveEvent[] = []
  #wake: (() => void) | undefined
  #unwatch: (() => void) | undefined
  #filtered: Filter | undefined
  /** Why a new graph ends the stream. */
  #unfit: unknown
  /** Sequence of the last event the client has. */
  #reached = 0

  constructor(options: SubscriberOptions) {
    this.#options = options
  }

  /** Resolves when the client has left; rejects with the reason, as a GraphQL error, where the stream ends before. */
  async run(): Promise<void> {
    const ignore = this.#options.onGraph(() => this.#planned && void this.#refit())
    try {
      await Promise.race([this.#produce(), this.#gone.promise])
    } catch (error) {
      if (!this.#left) this.#note(error instanceof AggregateError ? (error.errors as GraphQLError[]) : [error as GraphQLError])
      if (!this.#left) throw error instanceof AggregateError ? error.errors[0] : error instanceof AppError ? refusal(error.code, error.message, error.details) : error
    } finally {
      ignore()
      this.leave()
    }
  }

  /** What was refused by role is noted for the audit, as for any other operation. */
  #note(errors: readonly GraphQLError[]): void {
    const { callers, session, trace, prepared, variables } = this.#options
    if (!errors.some(({ extensions }) => extensions?.['code'] === 'FORBIDDEN')) return
    callers.refused(session(), trace, prepared(), variables, errors)
  }

  /** A new graph is in force: what it no longer fits ends, and it may be about other events from now on. */
  async #refit(): Promise<void> {
    try {
      const { live } = await this.#plan()
      if (this.#filtered && !this.#left) this.#watch(live)
    } catch (error) {
      this.#unfit = error
      this.#wake?.()
    }
  }

  #watch(live: LiveRun): void {
    const filter = this.#filter(live)
    if (JSON.stringify(filter) === JSON.stringify(this.#filtered)) return
    this.#filtered = filter
    this.#unwatch?.()
    this.#unwatch = this.#options.feed.watch(filter, (event) => this.#deliver(live.plan.field, event))
  }

  /** Does not wait for what is being fetched: the client is gone. */
  leave(): void {
    if (this.#left) return
    this.#left = true
    this.#unwatch?.()
    this.#unwatch = undefined
    this.#waiting = []
    this.#gone.resolve()
    this.#wake?.()
    this.#options.onEnd()
  }

  async #produce(): Promise<void> {
    const { feed, cursors, completions } = this.#options
    this.#filter((await this.#plan()).live)
    this.#note(this.#planned!.live.plan.refused)
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(refusal('UNAVAILABLE', 'the event stream is not available: subscribe again')), feedPatienceMs)
    await Promise.race([feed.started(), this.#gone.promise, late]).finally(() => clearTimeout(timer))
    if (this.#left) return
    // from here on no event is missed: what comes while the present state is read waits its turn
    const { live } = await this.#plan()
    this.#watch(live)
    const { position, epoch } = feed
    const after = live.arguments['after']
    const place = after === undefined || after === null ? undefined : cursors.read(String(after))
    if (after != null && !place) throw refusal('BAD_USER_INPUT', 'the cursor in `after` is not one of ours')

    // reading the present state is also the authorisation, so it is done for a client that resumes, too
    const snapshot = await this.#complete((planned) => completions.snapshot(planned, position, epoch))
    const resumable = place?.epoch === epoch && (await feed.holds(place.sequence))
    if (resumable) {
      this.#reached = place.sequence
      for await (const event of feed.replay(this.#filtered!, place.sequence, position)) await this.#change(event)
    } else {
      if (place) await this.#push(JSON.stringify({ data: null, errors: [refusal('CURSOR_EXPIRED', 'what happened since this cursor is no longer kept; the present state follows')] }))
      await this.#push(snapshot.body)
    }
    this.#reached = Math.max(this.#reached, position)

    while (!this.#left) {
      if (this.#unfit !== undefined) throw this.#unfit
      const event = this.#waiting.shift()
      if (event) await this.#change(event)
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** The plan for the graph and the token in force: authorises what the token alone decides. */
  #plan(): Planned | Promise<Planned> {
    const { operations, prepared, session, variables, callers, trace } = this.#options
    const [current, graph] = [session(), operations()]
    if (current.expiresAt !== undefined && current.expiresAt * 1000 <= Date.now()) throw refusal('UNAUTHENTICATED', 'the access token has expired', { reason: 'TOKEN_EXPIRED' })
    if (this.#planned?.operations === graph && this.#planned.session === current) return this.#planned
    const planned = (live: LiveRun): Planned => (this.#planned = {
      operations: graph, session: current, live,
      complete: (source, cause = trace) => callers.push(current, cause, live.plan.field.name, ({ send }) => live.run(source, send)),
    })
    const live = prepared().live(current.actor, variables)
    return live instanceof Promise ? live.then(planned) : planned(live)
  }

  #filter({ plan, arguments: given }: LiveRun): Filter {
    const { actor } = this.#options.session()
    const pairs = plan.field.match.map(({ field, source }) => {
      if (source.kind === 'literal') return { field, value: source.name }
      if (source.kind === 'argument') return { field, value: String(given[source.name]) }
      const claim = actor[source.name as keyof typeof actor]
      if (claim === undefined) throw new GraphQLError(`this subscription needs the claim ${source.name}, which your token does not have`, { path: [plan.key], extensions: { code: 'FORBIDDEN' } })
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
        this.leave()
        this.#options.onOverflow()
      }
    }
    this.#wake?.()
  }

  async #change(event: LiveEvent): Promise<void> {
    if (event.sequence <= this.#reached) return
    const { completions, feed } = this.#options
    const { body } = await this.#complete(async (planned) => {
      const shared = await completions.change(planned, event, feed.epoch)
      // fetched as another of the group: what that one may not see is asked for again as this one
      return shared.own || shared.completed.visibility !== 'GONE' ? shared : { completed: await completions.alone(planned, event, feed.epoch), own: true }
    })
    this.#reached = event.sequence
    await this.#push(body)
  }

  /** Authorises, and waits for an owner that is down. */
  async #complete(ask: (planned: Planned) => Promise<Completion>): Promise<Completed> {
    let deadline: number | undefined
    for (let wait = 100; ; wait *= 2) {
      const planned = this.#plan()
      const { completed } = await ask(planned instanceof Promise ? await planned : planned)
      if (completed.visibility === 'SHOWN') return completed
      if (completed.visibility === 'GONE') throw refusal('NOT_FOUND', 'there is no such thing, or it is not yours')
      deadline ??= Date.now() + ownerPatienceMs
      if (this.#left || Date.now() + wait > deadline) {
        const [service] = completed.unavailable
        throw refusal('SUBGRAPH_UNAVAILABLE', 'the service that owns this is not available: subscribe again with the last cursor', service === undefined ? {} : { serviceName: service })
      }
      await Promise.race([pause(wait), this.#gone.promise])
    }
  }

  /** Nothing goes to a client that has left, nor after its token's end. */
  async #push(body: string): Promise<void> {
    if (this.#left) return
    const more = this.#options.push(body)
    if (more) await Promise.race([more, this.#gone.promise])
  }
}
