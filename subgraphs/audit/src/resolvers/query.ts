import type { QueryResolvers } from '../generated/resolvers.ts'
import { auditTrail } from '../reads/audit-trail.ts'
import { verifyChain } from '../reads/verify-chain.ts'

export const queryResolvers: QueryResolvers = {
  auditTrail: (_source, { filter, first, after }, { em, actor }) => auditTrail(em, actor, filter, { first: first ?? 50, after }),
  verifyAuditChain: (_source, span, { em, actor }) => verifyChain(em, actor, span),
}
