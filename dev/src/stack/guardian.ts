/**
 * A process of its own that outlives the stack by a moment: when the process that started it is gone, even by SIGKILL,
 * it ends the servers that one left behind. So no server needs to know that it runs in a development stack.
 */
import { setTimeout as delay } from 'node:timers/promises'

export type GuardianMessage = { watch: number; signal: NodeJS.Signals } | { forget: number }

const graceMs = 5000
const watched = new Map<number, NodeJS.Signals>()

process.on('message', (message: GuardianMessage) => {
  if ('watch' in message) watched.set(message.watch, message.signal)
  else watched.delete(message.forget)
})

process.on('disconnect', async () => {
  for (const [pid, signal] of watched) send(pid, signal)
  for (const end = Date.now() + graceMs; Date.now() < end && anyAlive(); ) await delay(50)
  for (const pid of watched.keys()) send(pid, 'SIGKILL')
  process.exit()
})

function anyAlive(): boolean {
  return [...watched.keys()].some((pid) => send(pid, 0))
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
