import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** The parsed file, or undefined where there is none. A file that is there but unreadable is an error, not "none". */
export function readJsonFile<T>(file: string): T | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new Error(`${file} is not valid JSON; repair it, or delete it to start afresh`, { cause })
  }
}

/** Replaces the file as a whole, so that a crash leaves the old or the new content. Readable by the owner only. */
export function writeJsonFile(file: string, value: unknown, { flush = true } = {}): void {
  mkdirSync(dirname(file), { recursive: true })
  const next = `${file}.${process.pid}.tmp`
  writeFileSync(next, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flush })
  renameSync(next, file)
}

/** The file's value, made and stored on first use: for keys and passwords that must survive restarts. */
export async function storedOnce<T>(file: string, make: () => T | Promise<T>): Promise<T> {
  const stored = readJsonFile<T>(file)
  if (stored !== undefined) return stored
  const made = await make()
  writeJsonFile(file, made)
  return made
}
