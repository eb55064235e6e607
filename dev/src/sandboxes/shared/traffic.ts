/** One line of what a sandbox heard and said. No query strings, no bodies: they may hold secrets. */
export interface TrafficEntry {
  direction: 'in' | 'out'
  method: string
  path: string
  status?: number
  ms?: number
  note?: string
}

const KEPT = 100

/** The last hundred exchanges, newest first, for the page a person looks at. */
export class Traffic {
  readonly entries: (TrafficEntry & { at: string })[] = []

  add(entry: TrafficEntry): void {
    this.entries.unshift({ at: new Date().toISOString(), ...entry })
    this.entries.length = Math.min(this.entries.length, KEPT)
  }
}
