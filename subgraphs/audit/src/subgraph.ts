import { resolve } from 'node:path'
import { defineSubgraph } from '@pharmagraph/platform'
import '@pharmagraph/schema/events'
import { consumers } from './consumers/index.ts'
import { loaders } from './context.ts'
import { entities } from './entities/index.ts'
import { jobs } from './jobs/index.ts'
import { resolvers } from './resolvers/index.ts'

/** The trail of everything that happened, chained so that no entry can be changed unseen. */
export const audit = defineSubgraph({
  name: 'audit',
  folder: resolve(import.meta.dirname, '..'),
  entities,
  resolvers,
  loaders,
  services: () => ({}),
  consumers,
  jobs,
})
