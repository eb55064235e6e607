/** Access withdrawn before its token ends: told on a NATS subject, in force within milliseconds on every gateway, and kept for those that start later. */
import { DeliverPolicy, StorageType, nanos, type JetStreamManager } from 'nats'
import { AppError } from '@pharmagraph/platform/errors.ts'
import type { Broker } from '@pharmagraph/platform/nats.ts'
import type { Peers } from './peers.ts'

/** Message on `identity.revoked`: `{ "subject": "<person>" }`; every access token issued to them until now ends. */
export const revocationSubject = 'identity.revoked'
/** The stream that keeps what is told on that subject. */
const streamName = 'REVOCATIONS'
/** No access token lives longer, so no older revocation matters. */
const keepMs = 24 * 3_600_000

export type Revocations = {
  /** Takes note of a message given at `at`, milliseconds since the epoch; one that names nobody is left out. */
  receive(message: unknown, at?: number): void
  /** Whether a person's access ended after this token of theirs was issued (seconds since the epoch). */
  ended(subject: string, issuedAt: number): boolean
  /** Throws UNAUTHENTICATED with reason TOKEN_REVOKED where it has ended. */
  check(subject: string, issuedAt: number): void
}

export function createRevocations(): Revocations {
  const since = new Map<string, number>()
  const ended = (subject: string, issuedAt: number): boolean => {
    const revoked = since.get(subject)
    // a token of the same second may be the old one
    return revoked !== undefined && issuedAt * 1_000 <= revoked
  }
  return {
    ended,
    receive(message, at = Date.now()) {
      const subject = (message as { subject?: unknown } | null)?.subject
      if (typeof subject !== 'string' || subject === '') return
      for (const [known, then] of since) if (then < Date.now() - keepMs) since.delete(known)
      since.set(subject, Math.max(at, since.get(subject) ?? 0))
    },
    check(subject, issuedAt) {
      if (ended(subject, issuedAt)) throw new AppError('UNAUTHENTICATED', 'the access was withdrawn: sign in again', { reason: 'TOKEN_REVOKED' })
    },
  }
}

/** Follows the subject, and reads what was told before, or while the broker was away. `onRevoked` ends the streams of those it concerns. */
export function followRevocations(peers: Peers, revocations: Revocations, onRevoked: () => void): { readonly known: boolean } {
  const state = { known: false }
  let next = 1
  const take = (message: unknown, at?: number): void => {
    revocations.receive(message, at)
    onRevoked()
  }
  peers.listen(revocationSubject, (message) => take(message))
  peers.onReach(async (broker) => {
    await ensureStream(broker.manager)
    next = await readFrom(broker, next, take)
    state.known = true
  })
  return state
}

async function ensureStream(manager: JetStreamManager): Promise<void> {
  const replicas = Number(process.env['NATS_REPLICAS'] ?? 1)
  await manager.streams.info(streamName).catch(() =>
    manager.streams.add({ name: streamName, subjects: [revocationSubject], storage: StorageType.File, num_replicas: replicas, max_age: nanos(keepMs) }))
}

/** Gives every kept message from `sequence` on to `take`; resolves the sequence after the last. */
async function readFrom({ manager, jetstream }: Broker, sequence: number, take: (message: unknown, at: number) => void): Promise<number> {
  const { state } = await manager.streams.info(streamName)
  // a stream that was made anew begins at 1 again
  let next = sequence > state.last_seq + 1 ? 1 : sequence
  while (next <= state.last_seq && state.messages > 0) {
    const consumer = await jetstream.consumers.get(streamName, { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: next })
    for await (const message of await consumer.fetch({ max_messages: Math.min(1_000, state.last_seq - next + 1), expires: 2_000 })) {
      next = message.seq + 1
      try {
        take(message.json(), message.info.timestampNanos / 1e6)
      } catch {
        // told when it came
      }
      if (next > state.last_seq) break
    }
  }
  return next
}
