import { apply, begin, clock, emit, invalid, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { parseNdc } from '@pharmagraph/schema/identifiers'
import { access } from '../access.ts'
import { Lot } from '../entities/lot.ts'
import { Recall, RecallLot } from '../entities/recall.ts'
import type { RecallLotsInput } from '../generated/resolvers.ts'
import { lotLifecycle } from '../lifecycles/lot.ts'
import { recallLifecycle } from '../lifecycles/recall.ts'
import { book, lockLots } from './book.ts'

/**
 * Takes every lot that a recall names off sale at once and opens the recall. Holds on them are re-allocated after it
 * (`reallocateHolds`), when no new hold can be made on them. The same reference opens one recall.
 */
export async function recallLots(em: EntityManager, actor: Actor, input: RecallLotsInput): Promise<Recall> {
  access.must(actor, 'recall:open', undefined)
  const reference = input.reference.trim()
  if (!reference || reference.length > 100) throw invalid('reference', 'give the recall number, in 1 to 100 characters')
  if (!input.reason.trim() || input.reason.length > 2_000) throw invalid('reason', 'say why, in 1 to 2000 characters')
  if ((input.sourceText ?? '').length > 200_000) throw invalid('sourceText', 'keep the notice within 200000 characters')
  const ndc12s = canonical('ndcs', input.ndcs.map((ndc) => parseNdc(ndc)?.ndc12))
  if (ndc12s.length === 0) throw invalid('ndcs', 'name at least one product')
  const lotNumbers = canonical('lotNumbers', input.lotNumbers.map((number) => (/^[\x21-\x7e]{1,20}$/.test(number.trim()) ? number.trim().toUpperCase() : undefined)))
  if (lotNumbers.length === 0 && !input.allLots) throw invalid('lotNumbers', 'name the lots, or say allLots')

  // two people opening the same recall meet here
  await em.execute('select pg_advisory_xact_lock(hashtext(?))', [`recall:${reference}`])
  const known = await em.findOne(Recall, { reference })
  if (known) {
    if (`${known.ndc12s}/${known.lotNumbers}` !== `${ndc12s}/${lotNumbers}`) throw invalid('reference', 'this recall is open with other products or lots')
    return known
  }
  const recall = em.create(Recall, {
    id: newId(), reference, ndc12s, lotNumbers, recallClass: input.recallClass, reason: input.reason, sourceText: input.sourceText ?? null,
    status: 'OPEN', openedBy: actor.subject, openedAt: clock.now(),
  })
  begin(em, actor, recallLifecycle, recall)
  const lots = await lockNamedLots(em, recall)
  for (const lot of lots) takeOffSale(em, actor, recall, lot)
  emit(em, actor, 'inventory.recall-opened.v1', recall.id, { recallId: recall.id, recallClass: recall.recallClass, lotIds: lots.map(({ id }) => id), drugIds: [...new Set(lots.map(({ drugId }) => drugId))] })
  return recall
}

/** A delivery of a lot that an open recall names goes from the dock to the recalled shelf. */
export async function applyOpenRecalls(em: EntityManager, actor: Actor, received: readonly Lot[]): Promise<void> {
  if (received.length === 0) return
  for (const recall of await em.find(Recall, { status: 'OPEN' }, { orderBy: { id: 'asc' } })) {
    for (const lot of received) if (names(recall, lot)) takeOffSale(em, actor, recall, lot)
  }
}

function takeOffSale(em: EntityManager, actor: Actor, recall: Recall, lot: Lot): void {
  em.create(RecallLot, { recallId: recall.id, lotId: lot.id })
  // what is destroyed or sent back is off sale already, but people may have units of it
  if (!('recall' in lotLifecycle.table[lot.status])) return
  apply(em, actor, lotLifecycle, lot, 'recall', { reason: recall.reference })
  book(em, actor, lot, { type: 'RECALL', reason: recall.reference })
}

async function lockNamedLots(em: EntityManager, recall: Recall): Promise<Lot[]> {
  const rows = await em.execute<{ id: string; ndc: string; batch_number: string }[]>(
    `select id, ndc, batch_number from lot where ${recall.lotNumbers.length ? 'upper(batch_number) = any(?)' : '?::text[] is not null'}`, [`{${recall.lotNumbers.map((number) => JSON.stringify(number)).join(',')}}`],
  )
  const ids = rows.filter((row) => names(recall, { ndc: row.ndc, batchNumber: row.batch_number })).map(({ id }) => id)
  return [...(await lockLots(em, ids)).values()]
}

/** Products are compared in twelve digits, lot numbers without case. */
const names = ({ ndc12s, lotNumbers }: Recall, { ndc, batchNumber }: { ndc: string; batchNumber: string }): boolean =>
  ndc12s.includes(parseNdc(ndc)?.ndc12 ?? '') && (lotNumbers.length === 0 || lotNumbers.includes(batchNumber.toUpperCase()))

function canonical(field: string, values: readonly (string | undefined)[]): string[] {
  const at = values.indexOf(undefined)
  if (at >= 0) throw invalid(field, `number ${at + 1} of the list cannot be read`)
  return [...new Set(values as string[])].sort()
}
