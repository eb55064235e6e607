import { clock, emit, invalid, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { deaNumberFitsName, isDeaNumber, isNpi } from '@pharmagraph/schema/identifiers'
import { access } from '../access.ts'
import { deaSchedules, Licence, Practitioner, type DeaSchedule, type licenceStatuses } from '../entities/practitioner.ts'
import * as fields from '../fields.ts'

export type PractitionerEntry = {
  id: string
  given: string
  family: string
  npi: string
  deaNumber: string | null
  specialty: string
  scheduleAuthority: readonly DeaSchedule[]
  phone: string
  clinic: string | null
  licences: readonly { number: string; state: string; status: (typeof licenceStatuses)[number]; expiresOn: string }[]
}

/**
 * Takes over a register entry, new or changed. NPI and DEA number must satisfy their check digits; controlled
 * substances need a DEA registration (21 CFR 1306.03); a licence number is unique within its state.
 */
export async function registerPractitioner(em: EntityManager, actor: Actor, entry: PractitionerEntry): Promise<Practitioner> {
  access.must(actor, 'practitioner:register', undefined)
  if (!isNpi(entry.npi)) throw invalid('npi', 'the NPI does not satisfy its check digit')
  if (entry.deaNumber && !isDeaNumber(entry.deaNumber)) throw invalid('deaNumber', 'the DEA number does not satisfy its check digit')
  if (entry.scheduleAuthority.some((schedule) => !deaSchedules.includes(schedule))) throw invalid('scheduleAuthority', 'unknown DEA schedule')
  if (entry.scheduleAuthority.some((schedule) => schedule !== 'NONE') && !entry.deaNumber) throw invalid('deaNumber', 'authority over schedules needs a DEA number')
  fields.id('id', entry.id)
  if (entry.licences.length === 0) throw invalid('licences', 'a practitioner has a licence')

  // two entries for one number at the same time: the second waits here and finds the first
  await em.execute('select pg_advisory_xact_lock(hashtext(?))', [`practitioner:${entry.npi}`])
  const others = await em.find(Practitioner, { id: { $ne: entry.id }, $or: [{ npi: entry.npi }, ...(entry.deaNumber ? [{ deaNumber: entry.deaNumber }] : [])] })
  if (others[0]) throw invalid(others.some(({ npi }) => npi === entry.npi) ? 'npi' : 'deaNumber', 'this number is registered to somebody else')
  const practitioner = await em.findOne(Practitioner, { id: entry.id }) ?? em.create(Practitioner, { id: entry.id, ...columnsOf(entry) })
  Object.assign(practitioner, columnsOf(entry))
  await keepLicences(em, entry)
  await em.flush()
  await announcePractitioner(em, actor, practitioner)
  return practitioner
}

/** What is possible but odd, in a sentence each; nothing a refusal rests on. */
export function warningsOf({ deaNumber, family, scheduleAuthority }: Practitioner): string[] {
  return [
    ...(deaNumber && !deaNumberFitsName(deaNumber, family) ? ['the second letter of the DEA number is not the initial of the family name: it may have changed, or the number is somebody else\'s'] : []),
    ...(scheduleAuthority.includes('CI') ? ['schedule I has no accepted medical use (21 USC 812): nothing of it is ever dispensed'] : []),
  ]
}

/** Tells the others under which states' licences the practitioner may act today. */
export async function announcePractitioner(em: EntityManager, actor: Actor, { id, npi, deaNumber, scheduleAuthority }: Practitioner): Promise<void> {
  const states = await statesInForce(em, id)
  emit(em, actor, 'patients.practitioner-registered.v1', id, {
    practitionerId: id, npi, deaNumber: deaNumber ?? null, active: states.length > 0, licenceStates: states, scheduleAuthority: [...scheduleAuthority],
  })
}

export async function statesInForce(em: EntityManager, practitionerId: string): Promise<string[]> {
  const licences = await em.find(Licence, { practitionerId }, { orderBy: { state: 'asc' } })
  return [...new Set(licences.filter(inForce).map(({ state }) => state))]
}

const inForce = ({ status, expiresOn }: Licence): boolean => status === 'ACTIVE' && expiresOn >= clock.today()

const columnsOf = (entry: PractitionerEntry) => ({
  given: fields.personName('given', entry.given),
  family: fields.personName('family', entry.family),
  npi: entry.npi,
  deaNumber: entry.deaNumber,
  specialty: fields.text('specialty', entry.specialty),
  scheduleAuthority: [...entry.scheduleAuthority],
  phone: fields.phone(entry.phone),
  clinic: fields.optionalText('clinic', entry.clinic),
})

async function keepLicences(em: EntityManager, { id: practitionerId, licences }: PractitionerEntry): Promise<void> {
  for (const { number: written, state, status, expiresOn } of licences) {
    const number = fields.text('licences', written, 40)
    if (!/^[A-Z]{2}$/.test(state)) throw invalid('licences', 'a state is two letters')
    const known = await em.findOne(Licence, { number: number.toUpperCase(), state })
    if (known && known.practitionerId !== practitionerId) throw invalid('licences', `licence ${number} of ${state} belongs to somebody else`)
    if (known) Object.assign(known, { status, expiresOn })
    else em.create(Licence, { id: newId(), practitionerId, number: number.toUpperCase(), state, status, expiresOn, checkedAt: null, checkDueAt: clock.now() })
  }
}
