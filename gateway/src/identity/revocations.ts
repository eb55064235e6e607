/** Access withdrawn before its token ends: told on a NATS subject, in force within milliseconds on every gateway. */
import { AppError } from '@pharmagraph/platform/errors.ts'

/** Message on `identity.revoked`: `{ "subject": "<person>" }`; every access token issued to them until now ends. */
export const revocationSubject = 'identity.revoked'

export type Revocations = {
  /** Takes a message; resolves the person it names, undefined where it names nobody. */
  receive(message: unknown): string | undefined
  /** Throws UNAUTHENTICATED with reason TOKEN_REVOKED for a token of a person whose access ended after it was issued. */
  check(subject: string, issuedAt: number): void
}

/** No access token lives longer, so no older revocation matters. */
const keepMs = 24 * 3_600_000

export function createRevocations(): Revocations {
  const since = new Map<string, number>()
  return {
    receive(message) {
      const subject = (message as { subject?: unknown } | null)?.subject
      if (typeof subject !== 'string' || subject === '') return undefined
      const now = Date.now()
      for (const [known, at] of since) if (at < now - keepMs) since.delete(known)
      since.set(subject, now)
      return subject
    },
    check(subject, issuedAt) {
      const revoked = since.get(subject)
      // a token of the same second may be the old one
      if (revoked !== undefined && issuedAt * 1_000 <= revoked) throw new AppError('UNAUTHENTICATED', 'the access was withdrawn: sign in again', { reason: 'TOKEN_REVOKED' })
    },
  }
}
