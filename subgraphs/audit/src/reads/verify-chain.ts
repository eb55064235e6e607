import { invalid, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { genesisHash, hashOf } from '../chain.ts'
import { Anchor } from '../entities/anchor.ts'
import { AuditEntry } from '../entities/audit-entry.ts'

const batchSize = 1000

export type Span = { fromSequence?: number | null | undefined; toSequence?: number | null | undefined }
export type Verification = { valid: boolean; entriesChecked: number; headSequence: number; headHash: string; firstBadSequence: number | null; problem: string | null }
type Fault = { sequence: number; problem: string }

/** Recomputes every hash of the span from the rows as they are, compares with the anchors, and names the first entry that does not fit. */
export async function verifyChain(em: EntityManager, actor: Actor, { fromSequence, toSequence }: Span = {}): Promise<Verification> {
  access.must(actor, 'chain:verify', undefined)
  const from = fromSequence ?? 1
  if (from < 1) throw invalid('fromSequence', 'the chain begins at 1')
  if (toSequence != null && toSequence < from) throw invalid('toSequence', 'the span ends before it begins')

  const [head] = await em.find(AuditEntry, {}, { orderBy: { sequence: 'desc' }, limit: 1, fields: ['sequence', 'hash'] })
  const headSequence = head?.sequence ?? 0
  const to = Math.min(toSequence ?? headSequence, headSequence)
  const before = from > 1 ? await em.findOne(AuditEntry, { sequence: from - 1 }, { fields: ['hash'] }) : null
  let previousHash = before?.hash ?? genesisHash
  let entriesChecked = 0
  let fault: Fault | undefined = from > 1 && from <= to && !before ? missing(from - 1) : undefined

  for (let next = from; !fault && next <= to; next += batchSize) {
    const end = Math.min(next + batchSize - 1, to)
    const entries = await em.fork({ keepTransactionContext: true }).find(AuditEntry, { sequence: { $gte: next, $lte: end } }, { orderBy: { sequence: 'asc' } })
    fault = firstFault(entries, next, end, previousHash)
    entriesChecked += entries.length
    previousHash = entries.at(-1)?.hash ?? previousHash
  }
  fault = earlier(fault, await anchorFault(em, from, toSequence ?? undefined))
  return { valid: !fault, entriesChecked, headSequence, headHash: head?.hash ?? genesisHash, firstBadSequence: fault?.sequence ?? null, problem: fault?.problem ?? null }
}

function firstFault(entries: readonly AuditEntry[], from: number, to: number, previousHash: string): Fault | undefined {
  for (let sequence = from; sequence <= to; sequence++) {
    const entry = entries[sequence - from]
    if (entry?.sequence !== sequence) return missing(sequence)
    if (hashOf(entry.previousHash, entry) !== entry.hash) return { sequence, problem: `entry ${sequence} is not what was chained: it was edited or moved` }
    if (entry.previousHash !== previousHash) {
      // the entry vouches for another predecessor than the one there is
      const replaced = Math.max(sequence - 1, 1)
      return { sequence: replaced, problem: `entry ${replaced} was replaced: the next one continues another` }
    }
    previousHash = entry.hash
  }
  return undefined
}

/** What an anchor saw must still be there: finds a cut tail, and a chain that was computed anew from some entry on. */
async function anchorFault(em: EntityManager, from: number, to: number | undefined): Promise<Fault | undefined> {
  const anchors = await em.find(Anchor, { sequence: { $gte: from, ...(to === undefined ? {} : { $lte: to }) } }, { orderBy: { sequence: 'asc' } })
  const entries = await em.find(AuditEntry, { sequence: { $in: anchors.map(({ sequence }) => sequence) } }, { fields: ['sequence', 'hash'] })
  const hashes = new Map(entries.map(({ sequence, hash }) => [sequence, hash]))
  for (const { sequence, hash, at } of anchors) {
    if (!hashes.has(sequence)) return cutOff(em, sequence)
    if (hashes.get(sequence) !== hash) return { sequence, problem: `entry ${sequence} is not the one anchored at ${at.toISOString()}: the chain was computed anew` }
  }
  return undefined
}

async function cutOff(em: EntityManager, anchored: number): Promise<Fault> {
  const [last] = await em.find(AuditEntry, { sequence: { $lt: anchored } }, { orderBy: { sequence: 'desc' }, limit: 1, fields: ['sequence'] })
  const sequence = (last?.sequence ?? 0) + 1
  return { sequence, problem: `entry ${sequence} is missing: the chain was anchored up to ${anchored}` }
}

const missing = (sequence: number): Fault => ({ sequence, problem: `entry ${sequence} is missing` })
const earlier = (a: Fault | undefined, b: Fault | undefined): Fault | undefined => (a && b ? (b.sequence < a.sequence ? b : a) : (a ?? b))
