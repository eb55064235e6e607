/** A cache that forgets what was not used for longest once what it holds weighs more than `limit`; by default each entry weighs one. */
export class Bounded<Value> {
  readonly #limit: number
  readonly #weigh: (value: Value, key: string) => number
  readonly #entries = new Map<string, Value>()
  #weight = 0

  constructor(limit: number, weigh: (value: Value, key: string) => number = () => 1) {
    this.#limit = limit
    this.#weigh = weigh
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): Value | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined) {
      this.#entries.delete(key)
      this.#entries.set(key, value)
    }
    return value
  }

  set(key: string, value: Value): Value {
    this.delete(key)
    this.#entries.set(key, value)
    this.#weight += this.#weigh(value, key)
    for (const oldest of this.#entries.keys()) {
      // the latest stays, whatever it weighs
      if (this.#weight <= this.#limit || oldest === key) break
      this.delete(oldest)
    }
    return value
  }

  delete(key: string): void {
    const value = this.#entries.get(key)
    if (value === undefined) return
    this.#weight -= this.#weigh(value, key)
    this.#entries.delete(key)
  }

  getOrAdd(key: string, make: () => Value): Value {
    return this.get(key) ?? this.set(key, make())
  }
}
