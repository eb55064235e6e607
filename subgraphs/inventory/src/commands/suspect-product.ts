import { apply, begin, clock, invalid, isId, newId, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { parseGs1 } from '@pharmagraph/schema/identifiers'
import { access } from '../access.ts'
import { DrugFact, gtinBody } from '../entities/drug-fact.ts'
import { Lot } from '../entities/lot.ts'
import { openSuspectStatuses, SuspectCase, SuspectPackage } from '../entities/suspect-case.ts'
import type { AdvanceSuspectCaseInput } from '../generated/resolvers.ts'
import { lotLifecycle } from '../lifecycles/lot.ts'
import { suspectCaseLifecycle } from '../lifecycles/suspect-case.ts'
import { book, lockLots } from './book.ts'

/** Puts a lot that may not be what it says into quarantine and opens its case; while one is open it is the same. */
export async function reportSuspect(em: EntityManager, actor: Actor, { lotId, reason }: { lotId: string; reason: string }): Promise<SuspectCase> {
  access.must(actor, 'suspect:keep', undefined)
  if (!reason.trim() || reason.length > 2_000) throw invalid('reason', 'say what is suspect, in 1 to 2000 characters')
  const lot = isId(lotId) ? (await lockLots(em, [lotId])).get(lotId) : undefined
  if (!lot) throw notFound('lot')
  return (await em.findOne(SuspectCase, { lotId, status: { $in: [...openSuspectStatuses] } })) ?? openCase(em, actor, lot, reason)
}

/** Opens a case on a locked lot that has none. Holds on it move to other lots when its event comes back to us. */
export async function openCase(em: EntityManager, actor: Actor, lot: Lot, reason: string): Promise<SuspectCase> {
  if ('quarantine' in lotLifecycle.table[lot.status]) {
    apply(em, actor, lotLifecycle, lot, 'quarantine', { reason })
    book(em, actor, lot, { type: 'QUARANTINE', reason: 'suspect product' })
  }
  const { packageSize } = await em.findOneOrFail(DrugFact, { id: lot.drugId })
  const suspect = em.create(SuspectCase, {
    id: newId(), lotId: lot.id, drugId: lot.drugId, reason, status: 'INVESTIGATING', openedBy: actor.subject, openedAt: clock.now(),
    packages: Math.ceil(lot.quantityOnHand / packageSize), verified: 0, differing: 0, noticeDueAt: null, noticedAt: null,
  })
  begin(em, actor, suspectCaseLifecycle, suspect)
  return suspect
}

/** Compares a package's DataMatrix with the lot it should be of. The same package again counts once. */
export async function verifyPackage(em: EntityManager, actor: Actor, { caseId, scan: text }: { caseId: string; scan: string }): Promise<SuspectCase> {
  access.must(actor, 'suspect:keep', undefined)
  const suspect = await lockedCase(em, caseId)
  if (suspect.status !== 'INVESTIGATING') throw invalid('caseId', `this case is ${suspect.status}: nothing is verified any more`)
  const scan = parseGs1(text)
  if (!scan?.serialNumber || !scan.lotNumber) throw invalid('scan', 'the product identifier of a package has GTIN, serial number, lot and expiry')
  const { gtin, serialNumber, lotNumber, expiryDate } = scan
  if (await em.findOne(SuspectPackage, { caseId, gtin, serialNumber })) return suspect
  const lot = await em.findOneOrFail(Lot, { id: suspect.lotId })
  const drug = await em.findOneOrFail(DrugFact, { id: suspect.drugId })
  const matches = gtinBody(gtin) === drug.gtinBody && lotNumber === lot.batchNumber && expiryDate === lot.expiryDate
  em.create(SuspectPackage, { caseId, gtin, serialNumber, lotNumber, expiryDate: expiryDate ?? null, matches, verifiedBy: actor.subject, verifiedAt: clock.now() })
  suspect.verified += 1
  if (!matches) suspect.differing += 1
  return suspect
}

/** clear, declareIllegitimate, notify {reference: Form 3911}, close. A cleared lot stays in quarantine until somebody releases it. */
export async function advanceSuspectCase(em: EntityManager, actor: Actor, { caseId, verb, reference }: AdvanceSuspectCaseInput): Promise<SuspectCase> {
  access.must(actor, 'suspect:keep', undefined)
  const suspect = await lockedCase(em, caseId)
  if (!reference.trim() || reference.length > 500) throw invalid('reference', 'give the finding or the number of the notice, in 1 to 500 characters')
  apply(em, actor, suspectCaseLifecycle, suspect, verb, { reason: reference })
  return suspect
}

async function lockedCase(em: EntityManager, id: string): Promise<SuspectCase> {
  const suspect = isId(id) ? await em.findOne(SuspectCase, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null
  if (!suspect) throw notFound('suspect')
  return suspect
}
