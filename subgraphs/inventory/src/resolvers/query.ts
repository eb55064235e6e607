import { isId } from '@pharmagraph/platform'
import { rowsFor } from '../context.ts'
import { Location } from '../entities/location.ts'
import type { QueryResolvers } from '../generated/resolvers.ts'
import { proveLedger } from '../reads/ledger-proof.ts'
import { findLots } from '../reads/lots.ts'

export const queryResolvers: QueryResolvers = {
  inventory: (_source, { first, after, ...filter }, { em, actor }) => findLots(em, filter, rowsFor(actor), { first: first ?? 50, after }),
  lot: (_source, { id }, { loaders }) => (isId(id) ? loaders.lot.load(id) : null),
  locations: (_source, _args, { em }) => em.find(Location, {}, { orderBy: { name: 'asc' } }),
  ledgerProof: (_source, _args, { em, actor }) => proveLedger(em, actor),
}
