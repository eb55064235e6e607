import type { EntityManager, Vault } from '@pharmagraph/platform'

export type Sealed = { sealedFor: string; sealed: string }

/** Opens many sealed texts; the batch function of a dataloader. */
export const openSealed = (em: EntityManager, vault: Vault) => async (rows: readonly Sealed[]): Promise<unknown[]> => {
  await vault.preload(em, rows.map(({ sealedFor }) => sealedFor))
  return Promise.all(rows.map(({ sealedFor, sealed }) => vault.open(em, sealedFor, sealed).catch((error: unknown) => error)))
}
