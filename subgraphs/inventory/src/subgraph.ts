import { resolve } from 'node:path'
import { defineSubgraph } from '@pharmagraph/platform'
import '@pharmagraph/schema/events'
import { consumers } from './consumers/index.ts'
import { loaders } from './context.ts'
import { entities } from './entities/index.ts'
import { jobs } from './jobs/index.ts'
import { resolvers } from './resolvers/index.ts'
import { seed } from './seed.ts'
import { services } from './services.ts'

/** Lots, their ledger, and the holds that orders have on them. Of people it knows ids only: who received which lot. */
export const inventory = defineSubgraph({
  name: 'inventory',
  folder: resolve(import.meta.dirname, '..'),
  entities,
  resolvers,
  loaders,
  services,
  consumers,
  jobs,
  seed,
})
