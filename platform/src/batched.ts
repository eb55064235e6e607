/**
 * Turns a writer of many into a function for one. What comes while a write is under way is written together next, so
 * batches grow with the load and a single item waits for nobody. A batch that fails is tried item by item: one that
 * cannot be written fails alone.
 */
export function batched<Item>(write: (items: readonly Item[]) => Promise<void>, maxSize = 500): (item: Item) => Promise<void> {
  type Waiting = { item: Item; done: () => void; failed: (error: unknown) => void }
  let waiting: Waiting[] = []
  let busy = false

  async function drain(): Promise<void> {
    busy = true
    while (waiting.length) {
      const batch = waiting.slice(0, maxSize)
      waiting = waiting.slice(maxSize)
      await settle(batch)
    }
    busy = false
  }
  async function settle(batch: Waiting[]): Promise<void> {
    try {
      await write(batch.map(({ item }) => item))
      for (const { done } of batch) done()
    } catch (error) {
      if (batch.length === 1) batch[0]!.failed(error)
      else for (const one of batch) await settle([one])
    }
  }
  return (item) =>
    new Promise((done, failed) => {
      waiting.push({ item, done, failed })
      if (!busy) void drain()
    })
}
