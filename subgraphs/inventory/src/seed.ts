import { addDays, apply, clock, demoData, systemActor, type Actor, type EntityManager } from '@pharmagraph/platform'
import { receiveStock } from './commands/receive-stock.ts'
import { registerTradingPartner } from './commands/trading-partners.ts'
import { rememberDrugs } from './commands/remember-drug.ts'
import { Location } from './entities/location.ts'
import { Lot } from './entities/lot.ts'
import { lotLifecycle } from './lifecycles/lot.ts'

type Pharmacy = { id: string; name: string; city: string; state: string; servesStates?: string[] }
type StockedDrug = { id: string; ndc: string; packageSize: number; packageUnit: string; deaSchedule?: string; storageClass?: string }

/** The demo's pharmacies and their invented stock, received as any delivery is. Lots already there are left alone. */
export async function seed({ transact }: { transact<T>(work: (em: EntityManager) => Promise<T>): Promise<T> }): Promise<void> {
  const { pharmacies } = demoData<{ pharmacies: Pharmacy[] }>('places.json')
  const { drugs } = demoData<{ drugs: StockedDrug[] }>('formulary.json')
  const { demoStock } = await import('../../../dev/data/stock.ts')
  const stock = demoStock(drugs, pharmacies)
  const system = systemActor('inventory')
  const keeper: Actor = { ...system, roles: ['inventory'] }

  await transact(async (em) => {
    const locations = pharmacies.map(({ id, name, city, state, servesStates }) => ({ id, name, city, state, servesStates: servesStates ?? [state] }))
    await em.upsertMany(Location, locations)
    // the catalog's own events come later and supersede these
    await rememberDrugs(em, system, drugs.map(({ id, ndc, packageSize, deaSchedule, storageClass }) => ({
      drugId: id, version: 0, ndc, packageSize, ...(deaSchedule ? { deaSchedule } : {}), ...(storageClass ? { storageClass } : {}),
    })))

    // the demo's wholesaler; its numbers are invented
    await registerTradingPartner(em, { ...system, roles: ['pharmacist-in-charge'] }, { name: 'Pacific Wholesale Drug', kind: 'WHOLESALER', gln: '0614141000005', licenceNumber: 'WLS 5555', licensedUntil: addDays(clock.today(), 365) })

    const known = new Set((await em.find(Lot, {}, { fields: ['id'] })).map(({ id }) => id))
    const missing = stock.filter(({ id }) => !known.has(id))
    const lots = await receiveStock(em, keeper, missing.map(({ id, drugId, locationId, lotNumber, expiryDate, receivedDate, quantityOnHand }) => ({
      lotId: id, drugId, locationId, batchNumber: lotNumber, expiryDate, quantity: quantityOnHand, reference: 'opening stock', receivedAt: new Date(`${receivedDate}T17:00:00Z`),
    })))
    missing.forEach(({ status }, index) => apply(em, keeper, lotLifecycle, lots[index]!, status === 'AVAILABLE' ? 'release' : 'quarantine', { reason: 'opening stock' }))
  })
}
