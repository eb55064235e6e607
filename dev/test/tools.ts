import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** A folder that is deleted when the test file is over: later than any server that writes to it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pharmagraph-dev-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Asks until the answer is neither undefined nor false; fails after the deadline. */
export async function eventually<T>(ask: () => T | Promise<T>, what: string, deadlineMs = 10_000): Promise<Exclude<T, undefined | false>> {
  for (const end = Date.now() + deadlineMs; Date.now() < end; await delay(20)) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>
  }
  throw new Error(`not within ${deadlineMs / 1000} s: ${what}`)
}
