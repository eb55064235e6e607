import { resolve } from 'node:path'
import { defineSubgraph } from '@pharmagraph/platform'
import '@pharmagraph/schema/events'
import { loaders } from './context.ts'
import { entities } from './entities/index.ts'
import { beginDuePricesJob } from './jobs/begin-due-prices.ts'
import { resolvers } from './resolvers/index.ts'
import { seed } from './seed.ts'

/** The drug database: products, prices, interactions, search. Owns no personal data. */
export const catalog = defineSubgraph({
  name: 'catalog',
  folder: resolve(import.meta.dirname, '..'),
  entities,
  resolvers,
  loaders,
  services: () => ({}),
  jobs: [beginDuePricesJob],
  seed,
})
