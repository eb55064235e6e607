/** Which operations a client may run: persisted ones by id; partners nothing else, and only their own list. */
import type { Actor } from '@pharmagraph/platform/actor.ts'
import { AppError } from '@pharmagraph/platform/errors.ts'
import type { Manifest, PersistedOperation } from './manifest.ts'
import type { Operations, Prepared } from './operations.ts'

export type PersistedRequest = {
  readonly query?: string
  readonly operationName?: string
  /** The same id under the names clients know it by. */
  readonly id?: string
  readonly documentId?: string
  readonly extensions?: Readonly<Record<string, unknown>>
}

const partnerList = 'partner'
/** Clients registered at the identity provider as `partner-<name>`. */
export const isPartner = (actor: Actor): boolean => actor.clientId?.startsWith('partner-') ?? false

const labels = new WeakMap<Prepared, string>()
/** Name of a persisted operation. Any other is `ad hoc`: its name is a text of the client's own, and there is no end of them. */
export const labelOf = (prepared: Prepared): string => labels.get(prepared) ?? 'ad hoc'

type Entry = { readonly operation: PersistedOperation; readonly clients: Set<string>; ready?: { readonly of: Operations; readonly prepared: Prepared } }

export class PersistedOperations {
  readonly #byId = new Map<string, Entry>()
  readonly #byName = new Map<string, PersistedOperation>()
  readonly #current: () => Operations

  constructor(manifest: Manifest, current: () => Operations) {
    this.#current = current
    for (const operation of manifest.operations) {
      const entry: Entry = this.#byId.get(operation.id) ?? { operation, clients: new Set() }
      entry.clients.add(operation.clientName)
      this.#byId.set(operation.id, entry)
      this.#byName.set(`${operation.clientName}/${operation.name}`, operation)
    }
  }

  /** The persisted operation a request names; undefined when it is an operation of the client's own words. */
  find(request: PersistedRequest, actor: Actor): Prepared | undefined {
    const hash = (request.extensions?.['persistedQuery'] as { sha256Hash?: unknown } | undefined)?.sha256Hash
    const named = [request.documentId, request.id, hash].find((id) => typeof id === 'string') as string | undefined
    const entry = named === undefined ? undefined : this.#byId.get(named.replace(/^sha256:/, ''))
    if (isPartner(actor)) {
      if (entry?.clients.has(partnerList)) return this.#ready(entry)
      throw new AppError('PERSISTED_QUERY_ONLY', 'partners run persisted operations of their own list, by id', {}, { http: 403 })
    }
    if (entry) return this.#ready(entry)
    // an unknown hash may be one that Apollo Server learned; an unknown document id is nobody's
    if (named !== undefined && hash === undefined && !request.query) {
      throw new AppError('PERSISTED_QUERY_NOT_FOUND', 'no persisted operation has this id', {}, { http: 400 })
    }
    return undefined
  }

  named(client: string, name: string): Prepared {
    return this.#prepare(this.#named(client, name))
  }

  textOf(client: string, name: string): string {
    return this.#named(client, name).body
  }

  #named(client: string, name: string): PersistedOperation {
    const operation = this.#byName.get(`${client}/${name}`)
    if (!operation) throw new Error(`there is no persisted operation ${client}/${name}: run \`npm run operations\``)
    return operation
  }

  /** Makes all operations ready for a graph, so that its first callers do not wait; returns what no longer fits. */
  async warm(operations: Operations): Promise<{ operation: PersistedOperation; problem: string }[]> {
    const problems: { operation: PersistedOperation; problem: string }[] = []
    for (const { operation } of this.#byId.values()) {
      try {
        operations.fromText(operation.body, operation.name).warm()
      } catch (error) {
        problems.push({ operation, problem: (error as Error).message })
      }
      // running requests come between
      await new Promise((resolve) => setImmediate(resolve))
    }
    return problems
  }

  /** Kept beside the entry: looking a long text up again costs more than the rest of a small request's way to its plan. */
  #ready(entry: Entry): Prepared {
    const operations = this.#current()
    if (entry.ready?.of !== operations) entry.ready = { of: operations, prepared: this.#prepare(entry.operation) }
    return entry.ready.prepared
  }

  #prepare(operation: PersistedOperation): Prepared {
    const prepared = this.#current().fromText(operation.body, operation.name)
    labels.set(prepared, operation.name)
    return prepared
  }
}
