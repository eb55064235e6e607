import { resolve } from 'node:path'
import { defineSubgraph } from '@pharmagraph/platform'
import '@pharmagraph/schema/events'
import { consumers } from './consumers/index.ts'
import { loaders } from './context.ts'
import { entities } from './entities/index.ts'
import { jobs } from './jobs/index.ts'
import { resolvers } from './resolvers/index.ts'
import { routes } from './routes/index.ts'
import { seed } from './seed.ts'
import { services } from './services.ts'

/** Prescriptions from intake to release: data entry, the work queues, clinical review, fills. */
export const prescriptions = defineSubgraph({
  name: 'prescriptions',
  folder: resolve(import.meta.dirname, '..'),
  entities,
  resolvers,
  loaders,
  services,
  consumers,
  jobs,
  routes,
  seed,
})
