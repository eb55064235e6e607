import { clock } from '@pharmagraph/platform'
import type { AvailabilityStatus } from './generated/resolvers.ts'

export type DrugAvailability = { status: AvailabilityStatus; quantityAvailable: number; asOf: Date }

/** The staleness bound that the graph promises for `Drug.availability`. Holds, commits and corrections never read from here. */
export const staleForMs = 5_000
/** A transaction that touched a drug may commit this much later: until then what is read of it is not kept. */
const settlesMs = 1_000
const capacity = 50_000

type Entry = { answer: DrugAvailability; at: number }

/**
 * What was answered about each drug, for at most `staleForMs`. The tag is the drug's id: this process's own movements
 * drop it, so that a client sees what it did itself; movements of other processes show when the time is over.
 */
export class AvailabilityCache {
  readonly #answers = new Map<string, Entry>()
  readonly #touched = new Map<string, number>()

  get(drugId: string): DrugAvailability | undefined {
    const entry = this.#answers.get(drugId)
    return entry && Math.abs(clock.now().getTime() - entry.at) < staleForMs ? entry.answer : undefined
  }

  /** `readAt`: when the read began, for the answer is as old as that. */
  keep(drugId: string, answer: DrugAvailability, readAt: number): void {
    const touched = this.#touched.get(drugId)
    if (touched !== undefined && readAt < touched + settlesMs) return
    this.#touched.delete(drugId)
    if (this.#answers.size >= capacity) this.#answers.clear()
    this.#answers.set(drugId, { answer, at: readAt })
  }

  touch(drugId: string): void {
    this.#answers.delete(drugId)
    if (this.#touched.size >= capacity) this.#touched.clear()
    this.#touched.set(drugId, clock.now().getTime())
  }
}

/** One per process, as the tables are one per process. */
export const availabilityCache = new AvailabilityCache()
