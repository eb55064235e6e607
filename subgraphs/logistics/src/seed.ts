import { demoData, systemActor, type EntityManager } from '@pharmagraph/platform'
import type { EntityClass } from '@mikro-orm/postgresql'
import { keepAddress } from './commands/add-address.ts'
import { Address } from './entities/address.ts'
import { Depot, Driver, Vehicle, type Shift } from './entities/fleet.ts'
import type { Services } from './services.ts'

type Coordinates = { lat: number; lng: number }
type Postal = { line1: string; line2: string | null; city: string; state: string; postalCode: string }
type Places = {
  pharmacies: (Postal & Coordinates & { id: string; name: string; timeZone: string })[]
  addresses: (Postal & Coordinates & { id: string; patientId: string })[]
}
type Fleet = {
  drivers: { id: string; givenName: string; familyName: string; homePharmacyId: string; vehicleId: string; controlledSubstancesAllowed: boolean; shifts: Shift[]; lastPosition: Coordinates }[]
  vehicles: { id: string; description: string; ambientCapacityLitres: number; coldBoxCapacityLitres: number; maxColdMinutes: number }[]
}
type People = { patients: { id: string; givenName: string; familyName: string }[] }
type Tools = { services: Services; transact<T>(work: (em: EntityManager) => Promise<T>): Promise<T> }

/** The demo pharmacies, fleet and homes. Those already there are left alone. */
export async function seed({ services, transact }: Tools): Promise<void> {
  const [places, fleet, { patients }] = [demoData<Places>('places.json'), demoData<Fleet>('fleet.json'), demoData<People>('people.json')]
  const actor = systemActor('logistics')
  const names = new Map(patients.map(({ id, givenName, familyName }) => [id, `${givenName} ${familyName}`]))
  await transact(async (em) => {
    const idsOf = async (entity: EntityClass<{ id: string }>): Promise<Set<string>> => new Set((await em.find(entity, {}, { fields: ['id'] })).map(({ id }) => id))
    const [depots, vehicles, drivers, addresses] = [await idsOf(Depot), await idsOf(Vehicle), await idsOf(Driver), await idsOf(Address)]
    for (const { id, name, line1, city, state, postalCode, lat, lng, timeZone } of places.pharmacies) {
      if (!depots.has(id)) em.create(Depot, { id, name, line1, city, state, postalCode, latitude: lat, longitude: lng, timeZone })
    }
    for (const { id, description, ambientCapacityLitres, coldBoxCapacityLitres, maxColdMinutes } of fleet.vehicles) {
      if (!vehicles.has(id)) em.create(Vehicle, { id, description, ambientLitres: ambientCapacityLitres, coldLitres: coldBoxCapacityLitres, coldMinutes: maxColdMinutes })
    }
    for (const entry of fleet.drivers) if (!drivers.has(entry.id)) em.create(Driver, driverOf(entry))
    for (const { id, patientId, line1, line2, city, state, postalCode, lat, lng } of places.addresses) {
      if (addresses.has(id)) continue
      const place = { recipient: names.get(patientId) ?? 'Resident', line1, line2, city, postalCode, location: { latitude: lat, longitude: lng }, instructions: null }
      await keepAddress(em, actor, services.vault, id, patientId, { place, state, country: 'US', deliverability: 'DELIVERABLE' })
    }
  })
}

const driverOf = ({ id, givenName, familyName, homePharmacyId, vehicleId, controlledSubstancesAllowed, shifts, lastPosition }: Fleet['drivers'][number]) => ({
  id, given: givenName, family: familyName, depotId: homePharmacyId, vehicleId, mayCarryControlled: controlledSubstancesAllowed,
  shifts: shifts.map(({ days, start, end }) => ({ days, start, end })), lastLatitude: lastPosition.lat, lastLongitude: lastPosition.lng, lastPositionAt: null,
})
