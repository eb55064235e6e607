/** A stocked pharmacy for tests: drugs, two locations, lots on sale. */
import { addDays, apply, clock, newId, systemActor, transact, type Actor, type EventMap } from '@pharmagraph/platform'
import { actorWith, type SubgraphUnderTest } from '../../../tests/environment.ts'
import { receiveStock } from '../src/commands/receive-stock.ts'
import { rememberDrugs } from '../src/commands/remember-drug.ts'
import { Location } from '../src/entities/location.ts'
import { lotLifecycle } from '../src/lifecycles/lot.ts'

export const keeper = actorWith('inventory', { subject: 'keeper' })
export const pic = actorWith('pharmacist-in-charge', { subject: 'pic' })
export const system = systemActor('inventory')
export const inDays = (days: number): string => addDays(clock.today(), days)

export type Stock = { quantity: number; expires: string; location?: string; drug?: string }

export async function stockedShelf(subgraph: SubgraphUnderTest, by: Actor = keeper) {
  const [here, there] = [newId(), newId()] as [string, string]
  await transact(subgraph.running.orm, async (em) => {
    em.create(Location, { id: here, name: 'Mission', city: 'San Francisco', state: 'CA', servesStates: ['CA'] })
    em.create(Location, { id: there, name: 'Lake Merritt', city: 'Oakland', state: 'CA', servesStates: ['CA', 'NV'] })
  })
  return {
    here,
    there,
    /** A drug the catalog has told of, in packages of ten. */
    async drug(): Promise<string> {
      const drugId = newId()
      await transact(subgraph.running.orm, (em) => rememberDrugs(em, system, [{ drugId, version: 1, ndc: '0591-0369-01', packageSize: 10 }]))
      return drugId
    },
    /** Lots of a drug, received and released; answers their ids. */
    async stock(drugId: string, ...lots: Stock[]): Promise<string[]> {
      return transact(subgraph.running.orm, async (em) => {
        const received = await receiveStock(em, by, lots.map(({ quantity, expires, location = here, drug = drugId }, index) => ({
          drugId: drug, locationId: location, batchNumber: `B${index}-${newId().slice(-8)}`, expiryDate: expires, quantity, reference: 'delivery',
        })))
        for (const lot of received) apply(em, by, lotLifecycle, lot, 'release')
        return received.map(({ id }) => id)
      })
    },
    async balances(...lotIds: string[]): Promise<{ onHand: number; reserved: number }[]> {
      const rows = await subgraph.sql<{ id: string; on_hand: string; reserved: string }>(
        'select id, quantity_on_hand as on_hand, quantity_reserved as reserved from lot where id = any($1)', [lotIds],
      )
      return lotIds.map((lotId) => {
        const row = rows.find(({ id }) => id === lotId)!
        return { onHand: Number(row.on_hand), reserved: Number(row.reserved) }
      })
    },
  }
}

/** A wholesaler that may sell to us; answers its id and location number. */
export async function authorisedPartner(subgraph: SubgraphUnderTest, fields: object = {}): Promise<{ id: string; gln: string }> {
  const { registerTradingPartner } = await subgraph.data(pic, 'mutation ($i: RegisterTradingPartnerInput!) { registerTradingPartner(input: $i) { ... on TradingPartnerPayload { partner { id gln } } ... on InvalidInput { field } } }', {
    i: { name: 'Acme Wholesale', kind: 'WHOLESALER', gln: '0614141000005', licenceNumber: 'WLS 5555', licensedUntil: inDays(300), ...fields },
  })
  return registerTradingPartner.partner ?? registerTradingPartner
}

export type StockRequest = EventMap['orders.stock-requested.v1']

/** A request for one order; lines are [drug, quantity] with a month's supply. */
export const requestFor = (...lines: [drugId: string, quantity: number, daysSupply?: number | null][]): StockRequest => ({
  orderId: newId(), shipDate: inDays(1), lines: lines.map(([drugId, quantity, daysSupply = 30]) => ({ orderLineId: newId(), drugId, quantity, daysSupply })),
})
