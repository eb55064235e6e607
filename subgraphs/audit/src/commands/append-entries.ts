import type { Actor, CloudEvent, EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { genesisHash, hashOf, subjectsOf, withoutCiphertext } from '../chain.ts'

const chainLock = 7166100

/**
 * Chains events, in the order given, after the present head. One writer at a time, under an advisory lock to the end of
 * the transaction, so the sequence has no gap and no fork; events already chained are left out.
 */
export async function appendEntries(em: EntityManager, actor: Actor, events: readonly CloudEvent[]): Promise<void> {
  access.must(actor, 'chain:append', undefined)
  await em.execute('select pg_advisory_xact_lock(?)', [chainLock])
  const known = await em.execute<{ id: string }[]>('select id from audit_entry where id = any(?::uuid[])', [`{${events.map(({ id }) => id).join(',')}}`])
  const [head] = await em.execute<{ sequence: string; hash: string }[]>('select sequence, hash from audit_entry order by sequence desc limit 1')

  const seen = new Set(known.map(({ id }) => id))
  let sequence = Number(head?.sequence ?? 0)
  let previousHash = head?.hash ?? genesisHash
  const entries = events.flatMap((event) => {
    if (seen.has(event.id)) return []
    seen.add(event.id)
    const content = {
      id: event.id, sequence: ++sequence, at: new Date(event.time), type: event.type, source: event.source, actor: event.actor, actorRole: event.actorrole,
      subjects: subjectsOf(event.subject, event.data), correlationId: event.correlationid, causationId: event.causationid ?? null, data: withoutCiphertext(event.data as unknown as Record<string, unknown>),
    }
    const entry = { ...content, previousHash, hash: hashOf(previousHash, content) }
    previousHash = entry.hash
    return [entry]
  })
  if (entries.length === 0) return
  await em.execute(
    `insert into audit_entry (id, sequence, at, type, source, actor, actor_role, subjects, correlation_id, causation_id, data, hash, previous_hash)
     select id, sequence, at, type, source, actor, "actorRole", subjects, "correlationId", "causationId", data, hash, "previousHash"
     from jsonb_to_recordset(?::jsonb) as given (id uuid, sequence bigint, at timestamptz, type text, source text, actor text, "actorRole" text,
       subjects text[], "correlationId" text, "causationId" text, data jsonb, hash text, "previousHash" text)`,
    [JSON.stringify(entries)],
  )
}
