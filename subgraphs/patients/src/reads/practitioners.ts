import { invalid, isId, page, type Actor, type Connection, type EntityManager, type Page } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { Licence, Practitioner } from '../entities/practitioner.ts'

type Lookup = { id?: string | null | undefined; licenceNumber?: string | null | undefined; licenceState?: string | null | undefined }

/** By id, or by licence number and state together: a number alone may be given out in every state. */
export async function findPractitioner(em: EntityManager, { id, licenceNumber, licenceState }: Lookup): Promise<Practitioner | null> {
  if (id) return isId(id) ? em.findOne(Practitioner, { id }) : null
  if (!licenceNumber || !licenceState) throw invalid(licenceNumber ? 'licenceState' : 'id', 'name an id, or a licence number with its state')
  const licence = await em.findOne(Licence, { number: licenceNumber.trim().toUpperCase(), state: licenceState.trim().toUpperCase() })
  return licence && em.findOne(Practitioner, { id: licence.practitionerId })
}

/** Practitioners with a name that has a word beginning so, in order of registration. */
export async function listPractitioners(em: EntityManager, actor: Actor, { search, ...request }: Page & { search?: string | null | undefined }): Promise<Connection<Practitioner>> {
  access.must(actor, 'practitioner:list', undefined)
  const words = (search ?? '').trim().split(/\s+/).filter(Boolean).map((word) => `${word.replace(/[\\%_]/g, '\\$&')}%`)
  return page<Practitioner>(em, Practitioner, { $and: words.map((word) => ({ $or: [{ given: { $ilike: word } }, { family: { $ilike: word } }] })) }, request, 'asc')
}
