import { GraphQLError } from 'graphql'
import { AppError } from '@pharmagraph/platform/errors.ts'

/** Whatever was thrown, as GraphQL errors a client may see. */
export function graphqlErrors(error: unknown): GraphQLError[] {
  if (error instanceof AggregateError) return error.errors.flatMap(graphqlErrors)
  if (error instanceof GraphQLError) return [error]
  if (error instanceof AppError) return [new GraphQLError(error.message, { extensions: { code: error.code, ...error.details } })]
  return [new GraphQLError('the gateway failed', { extensions: { code: 'INTERNAL' } })]
}

/** Only a request that ran not at all has a status of its own (GraphQL over HTTP, section 6.4.2). */
export function statusOf(errors: readonly GraphQLError[] | undefined): number {
  const code = String(errors?.[0]?.extensions['code'])
  return code === 'UNAUTHENTICATED' ? 401 : code === 'FORBIDDEN' || code === 'PERSISTED_QUERY_ONLY' ? 403 : 400
}
