/** One stack to a data folder: a lock file with the id of its process. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readJsonFile } from '../json-file.ts'
import { StackError } from './errors.ts'
import { startMarkOf } from './process-table.ts'

export interface Lock {
  pid: number
  /** Tells the process from a later one with the same id. */
  startMark: string | undefined
  gatewayUrl: string
}

export interface HeldLock {
  release(): void
}

/** The lock of a stack that is running on this folder, or undefined. */
export function runningStack(dataDir: string): Lock | undefined {
  let lock: Lock | undefined
  try {
    lock = readJsonFile<Lock>(lockFile(dataDir))
  } catch {
    return undefined // half written when its process was killed
  }
  return lock && lock.startMark !== undefined && startMarkOf(lock.pid) === lock.startMark ? lock : undefined
}

/** Takes the lock, also from a stack that is gone; refuses while one is running. */
export function acquireLock(dataDir: string, gatewayUrl: string): HeldLock {
  mkdirSync(dataDir, { recursive: true })
  const lock: Lock = { pid: process.pid, startMark: startMarkOf(process.pid), gatewayUrl }
  for (;;) {
    try {
      writeFileSync(lockFile(dataDir), JSON.stringify(lock), { flag: 'wx', mode: 0o600 })
      return { release: () => rmSync(lockFile(dataDir), { force: true }) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const other = runningStack(dataDir)
    if (other) {
      throw new StackError('ALREADY_RUNNING', `Pharmagraph is already running (process ${other.pid}): ${other.gatewayUrl}`)
    }
    rmSync(lockFile(dataDir), { force: true })
  }
}

function lockFile(dataDir: string): string {
  return join(dataDir, 'stack.lock')
}
