import { appendFileSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** One write of a transaction; `null` says the document was deleted. */
type Change = [table: string, id: string, document: object | null]

interface Transaction {
  changes: Change[]
  undo: (() => void)[]
}

/** Documents by id, oldest first. `get` hands out a copy to change and `put` back; `all` and `entries` are for reading only. */
export interface Table<T extends object> {
  get(id: string): T | undefined
  all(): Iterable<Readonly<T>>
  entries(): Iterable<[id: string, document: Readonly<T>]>
  put(id: string, document: T): void
  delete(id: string): void
  readonly size: number
}

/**
 * Documents in memory behind a JSON-lines journal. A transaction is one line, written before it is acknowledged, so a
 * killed process loses all of it or nothing; a torn last line was never acknowledged and is dropped on opening.
 * The journal is not fsynced per line: it survives the process, not the machine, which is enough for a sandbox.
 */
export class Store {
  readonly #tables = new Map<string, Map<string, object>>()
  readonly #committed: (() => void)[] = []
  readonly #file: string
  #journal: number
  #pending: Transaction | undefined

  /** Opens `file`, creating it and its folder where missing, and rewrites it compactly. */
  constructor(file: string) {
    this.#file = file
    mkdirSync(dirname(file), { recursive: true })
    if (existsSync(file)) this.#replay(readFileSync(file, 'utf8'))
    this.#journal = this.#compact()
  }

  table<T extends object>(name: string): Table<T> {
    const rows = this.#rows(name) as Map<string, T>
    const write = (id: string, document: T | null): void => {
      const pending = this.#pending
      if (!pending) throw new Error(`Store: a write to ${name} needs a transaction around it`)
      const before = rows.get(id)
      pending.undo.push(() => (before ? rows.set(id, before) : rows.delete(id)))
      pending.changes.push([name, id, document])
      if (document) rows.set(id, document)
      else rows.delete(id)
    }
    return {
      get: (id) => structuredClone(rows.get(id)),
      all: () => rows.values(),
      entries: () => rows.entries(),
      put: (id, document) => write(id, structuredClone(document)),
      delete: (id) => write(id, null),
      get size() {
        return rows.size
      },
    }
  }

  /** Runs `work`; what it wrote is kept when it returns and forgotten when it throws. */
  transaction<R>(work: () => R): R {
    if (this.#pending) throw new Error('Store: transactions do not nest')
    const pending: Transaction = (this.#pending = { changes: [], undo: [] })
    let result: R
    try {
      result = work()
      if (pending.changes.length > 0) appendFileSync(this.#journal, `${JSON.stringify(pending.changes)}\n`)
    } catch (error) {
      for (const undo of pending.undo.reverse()) undo()
      throw error
    } finally {
      this.#pending = undefined
    }
    if (pending.changes.length > 0) for (const listener of this.#committed) listener()
    return result
  }

  onCommit(listener: () => void): void {
    this.#committed.push(listener)
  }

  close(): void {
    closeSync(this.#journal)
  }

  #rows(name: string): Map<string, object> {
    let rows = this.#tables.get(name)
    if (!rows) this.#tables.set(name, (rows = new Map()))
    return rows
  }

  #replay(text: string): void {
    for (const line of text.split('\n').slice(0, -1)) {
      for (const [table, id, document] of JSON.parse(line) as Change[]) {
        if (document) this.#rows(table).set(id, document)
        else this.#rows(table).delete(id)
      }
    }
  }

  #compact(): number {
    const fresh = `${this.#file}.new`
    const lines = [...this.#tables].flatMap(([table, rows]) =>
      [...rows].map(([id, document]) => `${JSON.stringify([[table, id, document]])}\n`),
    )
    writeFileSync(fresh, lines.join(''), { mode: 0o600 })
    const journal = openSync(fresh, 'a')
    fsyncSync(journal)
    renameSync(fresh, this.#file)
    return journal
  }
}
