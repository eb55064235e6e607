/** The stack's end of the guardian: which servers it is to end should this process disappear. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { GuardianMessage } from './guardian.ts'

const watched = new Map<number, NodeJS.Signals>()
let guardian: ChildProcess | undefined

export function watch(pid: number, signal: NodeJS.Signals): void {
  watched.set(pid, signal)
  if (guardian) tell({ watch: pid, signal })
  else startGuardian()
}

export function forget(pid: number): void {
  watched.delete(pid)
  tell({ forget: pid })
}

/** One guardian for all servers of this process; one that dies is replaced. It does not keep this process alive. */
function startGuardian(): void {
  guardian = spawn(process.execPath, [join(import.meta.dirname, 'guardian.ts')], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    detached: true,
  })
  guardian.once('exit', () => {
    guardian = undefined
    setTimeout(() => watched.size > 0 && !guardian && startGuardian(), 1000).unref()
  })
  guardian.unref()
  guardian.channel?.unref()
  for (const [pid, signal] of watched) tell({ watch: pid, signal })
}

function tell(message: GuardianMessage): void {
  // A guardian that is gone is replaced and told everything, so a message that fails is not lost.
  if (guardian?.connected) guardian.send(message, () => {})
}
