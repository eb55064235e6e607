import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** A folder that is deleted when the test, or the file, is over. */
export function temporaryFolder(scope: { after(fn: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'pharmagraph-dev-'))
  scope.after(() => rmSync(folder, { recursive: true, force: true }))
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
