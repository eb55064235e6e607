import { clock, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { Licence, Practitioner } from '../entities/practitioner.ts'
import type { RegisterEntry } from '../licences/port.ts'
import { announcePractitioner } from './register-practitioner.ts'

const [dayMs, retryMs] = [24 * 60 * 60_000, 15 * 60_000]

export type Checked = { id: string; answer: 'UNKNOWN' | 'NO_ANSWER' | RegisterEntry }

/**
 * Takes over what the register answered about one practitioner's licences, and tells the others if the states under
 * which they may act changed. A day that has passed ends a licence whatever the register says, or does not say.
 */
export async function recordLicenceCheck(em: EntityManager, actor: Actor, practitionerId: string, checked: readonly Checked[]): Promise<void> {
  const practitioner = await em.findOne(Practitioner, { id: practitionerId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (!practitioner) return
  const licences = await em.find(Licence, { practitionerId })
  const before = licences.filter(({ status }) => status === 'ACTIVE').map(({ state }) => state)
  for (const { id, answer } of checked) {
    const licence = licences.find((row) => row.id === id)
    if (!licence) continue
    licence.checkDueAt = new Date(clock.now().getTime() + (answer === 'NO_ANSWER' ? retryMs : dayMs))
    if (typeof answer === 'object') Object.assign(licence, { status: answer.status, expiresOn: answer.expiresOn, checkedAt: clock.now() })
  }
  for (const licence of licences) if (licence.status === 'ACTIVE' && licence.expiresOn < clock.today()) licence.status = 'EXPIRED'
  await em.flush()
  const after = licences.filter(({ status }) => status === 'ACTIVE').map(({ state }) => state)
  if (String([...new Set(before)].sort()) !== String([...new Set(after)].sort())) await announcePractitioner(em, actor, practitioner)
}
