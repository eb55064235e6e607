import { isId } from '@pharmagraph/platform'
import type { Resolvers } from '../generated/resolvers.ts'
import { queryResolvers } from './query.ts'

export const resolvers: Resolvers = {
  Query: queryResolvers,
  AuditEntry: { __resolveReference: ({ id }, { loaders }) => (isId(id) ? loaders.entry.load(id) : null) },
}
