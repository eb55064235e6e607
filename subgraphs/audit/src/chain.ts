/** How one entry is chained to the one before it. */
import { createHash } from 'node:crypto'
import { canonicalJson, isId } from '@pharmagraph/platform'
import type { AuditEntry } from './entities/audit-entry.ts'

/** What comes before the first entry. */
export const genesisHash = '0'.repeat(64)

export type Content = Pick<AuditEntry, 'id' | 'sequence' | 'at' | 'type' | 'source' | 'actor' | 'actorRole' | 'subjects' | 'correlationId' | 'data'> & { causationId?: string | null | undefined }

/** SHA-256, lower-case hex, over the previous hash as text followed by the canonical JSON (RFC 8785) of the content, in UTF-8. */
export function hashOf(previousHash: string, { id, sequence, at, type, source, actor, actorRole, subjects, correlationId, causationId, data }: Content): string {
  const content = { id, sequence, at: at.toISOString(), type, source, actor, actorRole, subjects, correlationId, causationId: causationId ?? null, data }
  return createHash('sha256').update(previousHash).update(canonicalJson(content)).digest('hex')
}

/** Every id an event names, once each: its subject, and in its data, however deep, what is called id, …Id or …Ids and what is a UUID (releasedBy …). */
export function subjectsOf(subject: string, data: unknown): string[] {
  const found = new Set([subject])
  const walk = (name: string, value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) walk(name, item)
    else if (typeof value === 'object' && value !== null) for (const [key, member] of Object.entries(value)) walk(key, member)
    else if (typeof value === 'string' && (/^ids?$|Ids?$/.test(name) || isId(value))) found.add(value)
  }
  walk('', data)
  return [...found]
}

/**
 * What an event holds under a key that outlives the person is chained as its SHA-256 only: it proves what was said, and
 * erasing the person does not stop at the chain.
 */
export const withoutCiphertext = ({ sealed, ...data }: Record<string, unknown>): Record<string, unknown> =>
  typeof sealed === 'string' ? { ...data, sealedSha256: createHash('sha256').update(sealed).digest('hex') } : { ...data, ...(sealed === undefined ? {} : { sealed }) }
