/** Work done by so many senders at once, and figures of how long each piece took. */
export const lanes = 16

/** Milliseconds of each of `number` pieces of work, `lanes` of them at a time, in the order in which they were begun. */
export async function inLanes(number: number, work: (index: number) => Promise<number>): Promise<number[]> {
  const results: number[] = []
  let next = 0
  await Promise.all(Array.from({ length: lanes }, async () => {
    for (let index = next++; index < number; index = next++) results[index] = await work(index)
  }))
  return results
}

export const round = (value: number): number => Math.round(value * 10) / 10
export const percentile = (times: readonly number[], share: number): number => {
  const sorted = times.toSorted((a, b) => a - b)
  return round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
}
