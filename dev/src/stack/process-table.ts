/** Questions about processes that are not our children: those that an earlier stack left behind. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The command line of a running process, or undefined. Says whether a process id still means what it meant. */
export function commandLineOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
  } catch {
    return undefined
  }
}

/** When a process started, in a form that only serves to be compared: ids are used again, this is not. */
export function startMarkOf(pid: number): string | undefined {
  try {
    // Field 22 of proc(5) stat, counted after the name in parentheses, which may hold spaces.
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')[19]
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  } catch {
    return undefined
  }
}

/** Ends a process; resolves when it is gone. SIGKILL follows after the grace. */
export async function endLeftover(pid: number, signal: NodeJS.Signals, graceMs = 10_000): Promise<void> {
  const end = Date.now() + graceMs
  for (let next: NodeJS.Signals | 0 = signal; isAlive(pid); next = Date.now() > end ? 'SIGKILL' : 0) {
    try {
      process.kill(pid, next)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
    await delay(20)
  }
}
