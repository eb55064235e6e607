import { emit, forbidden, invalid, newId, problem, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import type { PostalAddress } from '../addresses/port.ts'
import { Address, type Place } from '../entities/address.ts'
import * as fields from '../fields.ts'
import { openAddresses, type OpenedAddress } from '../opened.ts'
import type { Services } from '../services.ts'

type AddressInput = { recipient: string; line1: string; line2?: string | null | undefined; city: string; state: string; postalCode: string; country: string; instructions?: string | null | undefined }
export type CheckedAddress = { place: Place; state: string; country: string; deliverability: 'DELIVERABLE' | 'UNCERTAIN' }

const mostAddresses = 20

/** Asks the address service, before any transaction. An address that a parcel does not get to is refused with what is wrong. */
export async function checkAddress(actor: Actor, { addresses }: Services, input: AddressInput): Promise<CheckedAddress> {
  if (!actor.patientId) throw forbidden('this account has no patient id')
  access.must(actor, 'address:add', { patientId: actor.patientId })
  const [recipient, instructions] = [fields.text('recipient', input.recipient), fields.optionalText('instructions', input.instructions, 300)]
  const checked = await addresses.check(postal(input))
  if (!checked.deliverable) {
    throw problem('UndeliverableAddress', 'UNDELIVERABLE_ADDRESS', checked.problems.join('; ') || 'a parcel does not get to this address', { suggestions: checked.suggestions })
  }
  const { state, country, ...rest } = checked.address
  return { place: { recipient, instructions, ...rest, location: checked.location }, state, country, deliverability: checked.certain ? 'DELIVERABLE' : 'UNCERTAIN' }
}

/** Keeps it for the signed-in patient. The same address again is the one already kept. */
export async function addAddress(em: EntityManager, actor: Actor, { vault }: Services, checked: CheckedAddress): Promise<OpenedAddress> {
  const patientId = actor.patientId!
  await em.execute('select pg_advisory_xact_lock(hashtext(?))', [`addresses:${patientId}`])
  const kept = await openAddresses(em, vault, await em.find(Address, { patientId }))
  const same = kept.find((other) => JSON.stringify(placeOf(other)) === JSON.stringify(placeOf(checked.place)))
  if (same) return same
  if (kept.length >= mostAddresses) throw invalid('line1', `${mostAddresses} addresses are kept at most`)
  return keepAddress(em, actor, vault, newId(), patientId, checked)
}

export async function keepAddress(em: EntityManager, actor: Actor, vault: Services['vault'], id: string, patientId: string, { place, ...open }: CheckedAddress): Promise<OpenedAddress> {
  const address = em.create(Address, { id, patientId, sealed: await vault.seal(em, patientId, place), ...open })
  emit(em, actor, 'logistics.address-added.v1', id, { addressId: id, patientId, state: open.state, deliverability: open.deliverability })
  await em.flush()
  return { ...address, ...place }
}

function postal({ line1, line2, city, state, postalCode, country }: AddressInput): PostalAddress {
  if (country.trim().toUpperCase() !== 'US') throw invalid('country', 'we deliver in the United States only')
  if (!/^[A-Z]{2}$/i.test(state.trim())) throw invalid('state', 'write the state as two letters')
  if (!/^\d{5}(-\d{4})?$/.test(postalCode.trim())) throw invalid('postalCode', 'write a ZIP code as 12345 or 12345-6789')
  return {
    line1: fields.text('line1', line1), line2: fields.optionalText('line2', line2), city: fields.text('city', city),
    state: state.trim().toUpperCase(), postalCode: postalCode.trim(), country: 'US',
  }
}

const placeOf = ({ recipient, line1, line2, city, postalCode, instructions }: Omit<Place, 'location'>) => [recipient, line1, line2, city, postalCode, instructions]
