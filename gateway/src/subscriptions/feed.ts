/**
 * The event stream as this process follows it: one tail of the whole stream feeds all subscribers, found through an
 * index by (event type, data field, value). A broker that restarts or is lost is waited for, and nothing is skipped.
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

export const matches = ({ types, pairs }: Filter, event: LiveEvent): boolean =>
  types.includes(event.type) && pairs.every(({ field, value }) => String(event.data[field]) === value)

export class Feed {
  readonly #broker: Promise<Broker>
  readonly #logger: Logger
  /** event type → data field → value → watchers; an unfiltered watcher is under field ''. */
  readonly #index = new Map<string, Map<string, Map<string, Set<Watcher>>>>()
  readonly #started = Promise.withResolvers<void>()
  #messages: ConsumerMessages | undefined
  #closed = false
  #following = false
  #watchers = 0
  /** What was logged last, so that a long outage is one line. */
  #trouble: string | undefined
  /** The latest events in order, for clients that were away for a moment; complete after `#recentAfter`. */
  #recent: LiveEvent[] = []
  #recentAfter = 0
  /** Sequence of the last event given to the watchers. */
  position = 0
  epoch = ''

  constructor(connect: () => Promise<Broker>, logger: Logger) {
    this.#logger = logger
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
    return this.#watchers
  }

  /** Resolves when the feed knows its place in the stream. */
  started(): Promise<void> {
    return this.#started.promise
  }

  /** Calls `deliver` for every matching event after `position`, in order, until the returned function is called. */
  watch(filter: Filter, deliver: (event: LiveEvent) => void): () => void {
    const watcher: Watcher = { filter, deliver }
    const [{ field, value } = { field: '', value: '' }] = filter.pairs
    for (const type of filter.types) {
      const fields = getOrAdd(this.#index, type, () => new Map<string, Map<string, Set<Watcher>>>())
      getOrAdd(getOrAdd(fields, field, () => new Map<string, Set<Watcher>>()), value, () => new Set<Watcher>()).add(watcher)
    }
    this.#watchers++
    return () => {
      for (const type of filter.types) {
        const fields = this.#index.get(type)
        const values = fields?.get(field)
        const set = values?.get(value)
        if (!set?.delete(watcher)) continue
        if (type === filter.types[0]) this.#watchers--
        if (set.size === 0) values!.delete(value)
        if (values!.size === 0) fields!.delete(field)
        if (fields!.size === 0) this.#index.delete(type)
      }
    }
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
    const { manager } = await this.#broker
    const { state } = await manager.streams.info(streamName).catch(unavailable)
    return state.first_seq <= sequence + 1
  }

  /** Matching events after `after` up to and including `upTo`, in order: from memory where it reaches so far back, else from the stream. */
  async *replay(filter: Filter, after: number, upTo: number): AsyncGenerator<LiveEvent, void, void> {
    if (after >= this.#recentAfter) {
      const recent = this.#recent
      for (let index = firstAfter(recent, after); index < recent.length && recent[index]!.sequence <= upTo; index++) {
        if (matches(filter, recent[index]!)) yield recent[index]!
      }
    } else {
      for await (const event of this.#read(after, upTo, filter.types)) if (matches(filter, event)) yield event
    }
  }

  async *#read(after: number, upTo: number, types?: readonly string[]): AsyncGenerator<LiveEvent, void, void> {
    if (after >= upTo) return
    const { manager, jetstream } = await this.#broker
    const info = await manager.consumers.add(streamName, {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: after + 1,
      ...(types && { filter_subjects: types.map((type) => `events.${type}.>`) }),
      inactive_threshold: nanos(30_000),
      mem_storage: true,
      num_replicas: 1,
    }).catch(unavailable)
    try {
      const consumer = await jetstream.consumers.get(streamName, info.name).catch(unavailable)
      for (let left = info.num_pending; left > 0; ) {
        const batch = await consumer.fetch({ max_messages: Math.min(left, 256), expires: 5_000 }).catch(unavailable)
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
        const { created, state } = await manager.streams.info(streamName)
        if (this.epoch !== created) await this.#begin(created, state)
        const consumer = await jetstream.consumers.get(streamName, { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: this.position + 1 })
        this.#messages = await consumer.consume({ max_messages: 1_000, expires: 10_000, idle_heartbeat: 2_000 })
        this.#following = true
        this.#trouble = undefined
        this.#started.resolve()
        for await (const message of this.#messages) this.#dispatch(message)
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
    const recentAfter = isFirst ? Math.max(0, first_seq - 1, last_seq - recentLimit) : 0
    // clients of a gateway that restarts come back all at once: what they missed is at hand
    if (isFirst) for await (const event of this.#read(recentAfter, last_seq)) recent.push(event)
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
      for (const [field, values] of this.#index.get(event.type) ?? []) {
        for (const watcher of values.get(field === '' ? '' : String(event.data[field])) ?? []) {
          if (matches(watcher.filter, event)) watcher.deliver(event)
        }
      }
    }
    this.position = message.seq
  }

  #remember(event: LiveEvent): void {
    if (this.#recent.push(event) < recentLimit * 1.25) return
    // a quarter at a time: taking one from the front of a long array at each event would cost
    this.#recent = this.#recent.slice(-recentLimit)
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

const retryMs = 100
/** Events kept at hand: some megabytes of ids and states. */
const recentLimit = 4_096
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
