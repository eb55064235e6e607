/**
 * Events as their owners complete them. All subscribers of a group (see LiveRun.group) who want the same event at the same
 * time wait for one fetch; whoever asked first may leave without the others noticing.
 */
import { bulkhead } from 'cockatiel'
import type { Raw } from '../execution/project.ts'
import type { Completed, LiveRun } from '../operations/operations.ts'
import type { Trace } from '../callers.ts'
import type { LiveField } from '../supergraph/live-fields.ts'
import type { Cursors } from './cursors.ts'
import type { LiveEvent } from './feed.ts'

/** A subscriber, as far as fetching goes. */
export type Asker = {
  readonly live: LiveRun
  /** Completes an event object as this one; `cause` is the trace of what happened. */
  complete(source: Raw, cause?: Trace): Promise<Completed>
}

export type Completion = {
  readonly completed: Completed
  /** Whether it was fetched as the one who asked; another of the group may be refused where this one is. */
  readonly own: boolean
}

/**
 * How long a group's answer serves those who come to the event later, milliseconds. Only where the group is of roles: a
 * person's answer is made anew, as its row rules may have changed.
 */
const keepMs = 2_000

/** Present states read at once: when everybody comes back after a restart, the owners are asked no faster than they answer. */
const maxStarts = 64

type Shared = { readonly result: Promise<Completed>; readonly askedBy: Asker }

export class Completions {
  readonly #cursors: Cursors
  readonly #changes = new WeakMap<LiveEvent, Map<string, Shared>>()
  readonly #snapshots = new Map<string, Shared>()
  readonly #starts = bulkhead(maxStarts, Infinity)

  constructor(cursors: Cursors) {
    this.#cursors = cursors
  }

  /** `event` as `asker` may see it. */
  change(asker: Asker, event: LiveEvent, epoch: string): Promise<Completion> {
    let ofEvent = this.#changes.get(event)
    if (!ofEvent) this.#changes.set(event, (ofEvent = new Map()))
    return this.#shared(ofEvent, asker.live.group, asker, () => this.alone(asker, event, epoch), asker.live.plan.sharedBy === 'ROLES' ? keepMs : 0)
  }

  /** The same, asked as this one whatever others of the group may see. */
  alone({ live, complete }: Asker, event: LiveEvent, epoch: string): Promise<Completed> {
    return complete(changeOf(live.plan.field, event, this.#cursors.write({ epoch, sequence: event.sequence })), event.trace)
  }

  /** The present state, not older than what had happened at `sequence`. */
  snapshot(asker: Asker, sequence: number, epoch: string): Promise<Completion> {
    const { live, complete } = asker
    const known = knownBefore(live)
    return this.#shared(this.#snapshots, `${sequence} ${JSON.stringify(known)} ${live.group}`, asker, () => this.#starts.execute(() => complete(snapshotOf(live.plan.field, known, this.#cursors.write({ epoch, sequence })))), 0)
  }

  async #shared(known: Map<string, Shared>, key: string, asker: Asker, complete: () => Promise<Completed>, keep: number): Promise<Completion> {
    let shared = known.get(key)
    if (!shared) {
      known.set(key, (shared = { result: complete(), askedBy: asker }))
      const forget = (): void => void known.delete(key)
      shared.result.then(({ visibility }) => (keep === 0 || visibility !== 'SHOWN' ? forget() : void setTimeout(forget, keep).unref()), forget)
    }
    return { completed: await shared.result, own: shared.askedBy === asker }
  }
}

/** What a client named by argument is known before anything happens. */
function knownBefore(live: LiveRun): Raw {
  const known: Raw = {}
  for (const { field, source } of live.plan.field.match) {
    if (source.kind === 'argument') known[field] = live.arguments[source.name]
    if (source.kind === 'literal') known[field] = source.name
  }
  return known
}

/** The event that comes first: the entities the client named by argument. */
const snapshotOf = (field: LiveField, known: Raw, cursor: string): Raw =>
  ({ ...stubs(field, known, () => true), cursor, kind: 'SNAPSHOT', at: new Date().toISOString() })

/** A change tells of the one entity it is about, by id; a whole, such as a queue, comes in the snapshot only. */
const changeOf = (field: LiveField, { data, time }: LiveEvent, cursor: string): Raw =>
  ({ ...stubs(field, data, (key) => key === 'id'), cursor, kind: 'CHANGE', at: time, status: data['to'], state: data['state'] ?? data['to'] })

function stubs(field: LiveField, data: Readonly<Record<string, unknown>>, wanted: (key: string) => boolean): Raw {
  const result: Raw = {}
  for (const stub of field.stubs) {
    const value = data[stub.dataField]
    result[stub.field] = value != null && wanted(stub.key) ? { __typename: stub.type, [stub.key]: value } : null
  }
  return result
}
