import type { EntityManager, Vault } from '@pharmagraph/platform'
import { Address } from '../entities/address.ts'
import type { Shipment } from '../entities/shipment.ts'
import { openAddresses } from '../opened.ts'
import type { Stop } from './tour.ts'

/** Room of a parcel, and time at the door; an adult's ID takes longer to check. */
const [parcelLitres, serviceMinutes, signatureMinutes] = [3, 4, 8]

/** Stops of the shipments by shipment id; those whose address cannot be opened are left out. */
export async function stopsOf(em: EntityManager, vault: Vault, shipments: readonly Shipment[]): Promise<Map<string, Stop>> {
  const rows = await em.find(Address, { id: { $in: shipments.map(({ addressId }) => addressId) } })
  const locations = new Map((await openAddresses(em, vault, rows)).map(({ id, location }) => [id, location]))
  return new Map(shipments.flatMap(({ id, addressId, adultSignature, coldChain, parcels }) => {
    const location = locations.get(addressId)
    const litres = parcels * parcelLitres
    const stop = location && {
      shipmentId: id, location, serviceMinutes: adultSignature ? signatureMinutes : serviceMinutes,
      ambientLitres: coldChain ? 0 : litres, coldLitres: coldChain ? litres : 0,
    }
    return stop ? [[id, stop] as const] : []
  }))
}
