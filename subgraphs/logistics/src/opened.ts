/** Rows with their sealed part opened. */
import { AppError, type EntityManager, type Vault } from '@pharmagraph/platform'
import type { Address, Place } from './entities/address.ts'

export type OpenedAddress = Omit<Address, 'sealed'> & Place

/** Opens addresses of any number of patients with one statement for their keys; those of erased patients are left out. */
export async function openAddresses(em: EntityManager, vault: Vault, addresses: readonly Address[]): Promise<OpenedAddress[]> {
  if (addresses.length === 0) return []
  await vault.preload(em, addresses.map(({ patientId }) => patientId))
  const opened = await Promise.all(addresses.map(async (address) => {
    const place = await vault.open<Place>(em, address.patientId, address.sealed).catch(unlessErased)
    return place && { ...address, ...place }
  }))
  return opened.filter((address) => address !== undefined)
}

function unlessErased(error: unknown): undefined {
  if (!(error instanceof AppError && error.code === 'ERASED')) throw error
}
