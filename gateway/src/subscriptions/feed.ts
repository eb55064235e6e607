/**
 * The event stream as this process follows it: one tail of the types that some subscription can be about feeds all
 * subscribers, found through an index by (event type, data field, value). A broker that restarts or is lost is waited for,
 * and nothing is skipped. What the stream holds besides, such as the notes of who read what, is never sent here.
 */
import { AckPolicy, DeliverPolicy, Events, nanos, type ConsumerMessages, type JsMsg, type StreamState } from 'nats'
import { AppError } from '@pharmagraph/platform/errors.ts'
import { streamName, type Broker } from '@pharmagraph/platform/nats.ts'
import type { Logger } from '@pharmagraph/platform/telemetry.ts'
import type { Trace } from '../callers.ts'

export type LiveEvent = {
  /** Place in the stream. */
  readonly sequence: number
  readonly type: string
  readonly time: string
  /** The trace of the change the event tells of. */
  readonly trace: Trace | undefined
  /** Ids and states, never PHI. */
  readonly data: Readonly<Record<string, unknown>>
}

export type Filter = {
  readonly types: readonly string[]
  /** All must hold; values compare as text. */
  readonly pairs: readonly { readonly field: string; readonly value: string }[]
}
type Watcher = { readonly filter: Filter; readonly deliver: (event: LiveEvent) => void }
/** A replay of what is no longer in memory. */
type Search = { readonly filter: Filter; readonly after: number; readonly upTo: number; readonly found: LiveEvent[]; readonly done: PromiseWithResolvers<void> }

export const matches = ({ types, pairs }: Filter, event: LiveEvent): boolean =>
  types.includes(event.type) && pairs.every(({ field, value }) => String(event.data[field]) === value)

export class Feed {
  readonly #broker: Promise<Broker>
  readonly #logger: Logger
  readonly #recentLimit: number
  readonly #index = new FilterIndex<Watcher>()
  readonly #started = Promise.withResolvers<void>()
  #messages: ConsumerMessages | undefined
  #closed = false
  #following = false
  #searches: Search[] = []
  #searching = false
  #state: Promise<StreamState> | undefined
  /** What was logged last, so that a long outage is one line. */
  #trouble: string | undefined
  /** The latest events in order, for clients that were away for a moment; complete after `#recentAfter`. */
  #recent: LiveEvent[] = []
  #recentAfter = 0
  /** Event types that are followed. */
  #types: readonly string[] = []
  #changed = false
  /** Sequence of the last event given to the watchers. */
  position = 0
  epoch = ''

  /** `recentLimit`: events kept at hand, which are ids and states: some megabytes. */
  constructor(connect: () => Promise<Broker>, logger: Logger, recentLimit = 4_096) {
    this.#logger = logger
    this.#recentLimit = recentLimit
    this.#broker = this.#connected(connect)
    void this.#follow()
  }

  async #connected(connect: () => Promise<Broker>): Promise<Broker> {
    for (;;) {
      try {
        return await connect()
      } catch (error) {
        this.#troubled(error)
        await pause(retryMs)
      }
    }
  }

  /** Whether the stream is being followed at this moment. */
  get following(): boolean {
    return this.#following
  }

  get watchers(): number {
    return this.#index.size
  }

  /** Follows these event types from now on, in place of those before. */
  follow(types: readonly string[]): void {
    const wanted = [...new Set(types)].sort()
    const isNew = wanted.some((type) => !this.#types.includes(type))
    if (!isNew && wanted.length === this.#types.length) return
    this.#types = wanted
    // of types that were not followed nothing is at hand
    if (isNew) {
      this.#recent = []
      this.#recentAfter = this.position
    }
    this.#changed = true
    this.#messages?.stop()
  }

  /** Resolves when the feed knows its place in the stream. */
  started(): Promise<void> {
    return this.#started.promise
  }

  /** Calls `deliver` for every matching event after `position`, in order, until the returned function is called. */
  watch(filter: Filter, deliver: (event: LiveEvent) => void): () => void {
    const watcher: Watcher = { filter, deliver }
    this.#index.add(watcher)
    return () => this.#index.delete(watcher)
  }

  /** Messages of a plain subject, from now on; JSON that does not parse is left out. */
  async listen(subject: string, receive: (message: unknown) => void): Promise<void> {
    const { connection } = await this.#broker
    connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) return
        try {
          receive(message.json())
        } catch {
          this.#logger.warn({ subject }, 'a message is not JSON')
        }
      },
    })
  }

  /** Whether everything after `sequence` can still be replayed; throws UNAVAILABLE where the stream cannot be asked. */
  async holds(sequence: number): Promise<boolean> {
    if (sequence >= this.#recentAfter) return true
    // asked once for all who come at the same time
    this.#state ??= this.#streamState().finally(() => (this.#state = undefined))
    return (await this.#state).first_seq <= sequence + 1
  }

  async #streamState(): Promise<StreamState> {
    const { manager } = await this.#broker
    return (await manager.streams.info(streamName).catch(unavailable)).state
  }

  /** Matching events after `after` up to and including `upTo`, in order: from memory where it reaches so far back, else from the stream. */
  async *replay(filter: Filter, after: number, upTo: number): AsyncGenerator<LiveEvent, void, void> {
    const [recent, recentAfter] = [this.#recent, this.#recentAfter]
    if (after < recentAfter) {
      yield* await this.#search(filter, after, Math.min(upTo, recentAfter))
      after = recentAfter
    }
    for (let index = firstAfter(recent, after); index < recent.length && recent[index]!.sequence <= upTo; index++) {
      if (matches(filter, recent[index]!)) yield recent[index]!
    }
  }

  #search(filter: Filter, after: number, upTo: number): Promise<LiveEvent[]> {
    const search: Search = { filter, after, upTo, found: [], done: Promise.withResolvers() }
    this.#searches.push(search)
    if (!this.#searching) void this.#searchAll()
    return search.done.promise.then(() => search.found)
  }

  /** Reads the stream once for all who search in it at the time: after a restart that is everybody whose stream was quiet. */
  async #searchAll(): Promise<void> {
    this.#searching = true
    while (this.#searches.length > 0) {
      await pause(gatherMs)
      const searches = this.#searches
      this.#searches = []
      try {
        const index = new FilterIndex<Search>()
        for (const search of searches) index.add(search)
        const types = [...new Set(searches.flatMap(({ filter }) => filter.types))]
        const [after, upTo] = [Math.min(...searches.map((search) => search.after)), Math.max(...searches.map((search) => search.upTo))]
        for await (const event of this.#read(after, upTo, types)) {
          index.forEach(event, (search) => {
            if (event.sequence > search.after && event.sequence <= search.upTo) search.found.push(event)
          })
        }
        for (const { done } of searches) done.resolve()
      } catch (error) {
        for (const { done } of searches) done.reject(error)
      }
    }
    this.#searching = false
  }

  async *#read(after: number, upTo: number, types: readonly string[]): AsyncGenerator<LiveEvent, void, void> {
    if (after >= upTo) return
    const { manager, jetstream } = await this.#broker
    const info = await manager.consumers.add(streamName, {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: after + 1,
      filter_subjects: subjectsOf(types),
      inactive_threshold: nanos(30_000),
      mem_storage: true,
      num_replicas: 1,
    }).catch(unavailable)
    try {
      const consumer = await jetstream.consumers.get(streamName, info.name).catch(unavailable)
      for (let left = info.num_pending; left > 0; ) {
        const batch = await consumer.fetch({ max_messages: Math.min(left, 1_000), expires: 5_000 }).catch(unavailable)
        let received = 0
        for await (const message of batch) {
          received++
          if (message.seq > upTo) return
          const event = this.#parse(message)
          if (event) yield event
        }
        if (received === 0) return unavailable()
        left -= received
      }
    } finally {
      await manager.consumers.delete(streamName, info.name).catch(() => undefined)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#messages?.stop()
    // a broker that was never reached has nothing to close
    const { connection } = await Promise.race([this.#broker, pause(500).then((): Partial<Broker> => ({}))])
    await connection?.close()
  }

  async #follow(): Promise<void> {
    void this.#restartOnReconnect()
    while (!this.#closed) {
      try {
        const { manager, jetstream } = await this.#broker
        this.#changed = false
        const { created, state } = await manager.streams.info(streamName)
        if (this.epoch !== created) await this.#begin(created, state)
        const consumer = await jetstream.consumers.get(streamName, { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: this.position + 1, filterSubjects: subjectsOf(this.#types) })
        this.#messages = await consumer.consume({ max_messages: 1_000, expires: 10_000, idle_heartbeat: 2_000 })
        if (this.#changed) this.#messages.stop()
        this.#following = true
        this.#trouble = undefined
        this.#started.resolve()
        for await (const message of this.#messages) this.#dispatch(message)
        // stopped to follow other types: at once
        if (this.#changed && !this.#closed) continue
      } catch (error) {
        this.#troubled(error)
      }
      this.#following = false
      if (!this.#closed) await pause(retryMs)
    }
  }

  async #begin(created: string, { first_seq, last_seq }: StreamState): Promise<void> {
    const isFirst = this.epoch === ''
    const recent: LiveEvent[] = []
    const recentAfter = isFirst ? Math.max(0, first_seq - 1, last_seq - this.#recentLimit) : 0
    // clients of a gateway that restarts come back all at once: what they missed is at hand
    if (isFirst) for await (const event of this.#read(recentAfter, last_seq, this.#types)) recent.push(event)
    this.#recent = recent
    this.#recentAfter = recentAfter
    // a stream that replaced the one we followed is read from its beginning: all of it is news
    this.position = isFirst ? last_seq : 0
    this.epoch = created
  }

  #troubled(error: unknown): void {
    const problem = (error as Error).message
    if (!this.#closed && problem !== this.#trouble) this.#logger.warn({ problem }, 'the event stream cannot be followed, trying until it can')
    this.#trouble = problem
  }

  /** The broker forgets our consumer when it restarts: make it anew from our own position at once. */
  async #restartOnReconnect(): Promise<void> {
    const { connection } = await this.#broker
    for await (const status of connection.status()) {
      if (status.type === Events.Disconnect) this.#following = false
      if (status.type === Events.Reconnect) this.#messages?.stop()
    }
  }

  #dispatch(message: JsMsg): void {
    if (message.seq <= this.position) return
    const event = this.#parse(message)
    if (event) {
      this.#remember(event)
      this.#index.forEach(event, ({ deliver }) => deliver(event))
    }
    this.position = message.seq
  }

  #remember(event: LiveEvent): void {
    if (this.#recent.push(event) < this.#recentLimit * 1.25) return
    // a quarter at a time: taking one from the front of a long array at each event would cost
    this.#recent = this.#recent.slice(-this.#recentLimit)
    this.#recentAfter = this.#recent[0]!.sequence - 1
  }

  #parse(message: JsMsg): LiveEvent | undefined {
    try {
      const { type, time, data, correlationid, traceparent } = message.json<{ type: string; time: string; data: Record<string, unknown>; correlationid?: string; traceparent?: string }>()
      const trace = correlationid !== undefined && traceparent !== undefined ? { correlationId: correlationid, traceparent } : undefined
      if (typeof type === 'string' && typeof data === 'object' && data !== null) return { sequence: message.seq, type, time, trace, data }
    } catch {
      // told below
    }
    this.#logger.error({ sequence: message.seq, subject: message.subject }, 'the stream holds a message that is no event')
    return undefined
  }
}

/** Finds who waits for an event without asking everybody. */
class FilterIndex<Item extends { readonly filter: Filter }> {
  /** event type → data field → value → items; an unfiltered item is under field ''. */
  readonly #types = new Map<string, Map<string, Map<string, Set<Item>>>>()
  size = 0

  add(item: Item): void {
    const [{ field, value } = unfiltered] = item.filter.pairs
    for (const type of item.filter.types) {
      const fields = getOrAdd(this.#types, type, () => new Map<string, Map<string, Set<Item>>>())
      getOrAdd(getOrAdd(fields, field, () => new Map<string, Set<Item>>()), value, () => new Set<Item>()).add(item)
    }
    this.size++
  }

  delete(item: Item): void {
    const [{ field, value } = unfiltered] = item.filter.pairs
    let held = false
    for (const type of item.filter.types) {
      const fields = this.#types.get(type)
      const values = fields?.get(field)
      const set = values?.get(value)
      if (!set?.delete(item)) continue
      held = true
      if (set.size === 0) values!.delete(value)
      if (values!.size === 0) fields!.delete(field)
      if (fields!.size === 0) this.#types.delete(type)
    }
    if (held) this.size--
  }

  forEach(event: LiveEvent, tell: (item: Item) => void): void {
    for (const [field, values] of this.#types.get(event.type) ?? []) {
      for (const item of values.get(field === '' ? '' : String(event.data[field])) ?? []) {
        if (matches(item.filter, event)) tell(item)
      }
    }
  }
}
const unfiltered = { field: '', value: '' }

/** A consumer of no subjects would be sent all of them. */
const subjectsOf = (types: readonly string[]): string[] => (types.length === 0 ? ['events.none'] : types.map((type) => `events.${type}.>`))

const retryMs = 100
/** How long those who search in the stream wait for each other. */
const gatherMs = 20
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Index of the first event after `sequence`. */
function firstAfter(events: readonly LiveEvent[], sequence: number): number {
  let [low, high] = [0, events.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (events[middle]!.sequence > sequence) high = middle
    else low = middle + 1
  }
  return low
}

function unavailable(): never {
  throw new AppError('UNAVAILABLE', 'the event stream is not available: subscribe again')
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}
