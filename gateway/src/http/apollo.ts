/** Apollo Server for operations in a client's own words: parsing, validation, limits, introspection, APQ; ours executes. */
import { ApolloServer } from '@apollo/server'
import { ApolloServerPluginCacheControlDisabled, ApolloServerPluginLandingPageDisabled, ApolloServerPluginUsageReportingDisabled } from '@apollo/server/plugin/disabled'
import type { GatewayInterface, GatewayGraphQLRequestContext } from '@apollo/server-gateway-interface'
import { GraphQLError, type GraphQLSchema } from 'graphql'
import type { Logger } from '@pharmagraph/platform/telemetry.ts'
import type { Callers } from '../callers.ts'
import { graphqlErrors } from '../operations/graphql-errors.ts'
import { limits, operationLimits } from '../operations/limits.ts'
import type { Operations } from '../operations/operations.ts'
import type { ApolloContext } from './graphql.ts'

export type Graphs = {
  /** Operations of the graph in force. */
  current(): Operations
  /** Calls back now and at every reload until the returned function is called. */
  onChange(callback: (operations: Operations) => void): () => void
}

export async function startApollo(graphs: Graphs, callers: Callers, introspection: boolean, logger: Logger): Promise<ApolloServer<ApolloContext>> {
  const bySchema = new WeakMap<GraphQLSchema, Operations>()

  const executor = async (context: GatewayGraphQLRequestContext) => {
    // a request that was validated before a reload runs on the graph it was validated against
    const operations = bySchema.get(context.schema) ?? graphs.current()
    const { session, exchange, outcome } = context.context as ApolloContext
    try {
      const prepared = operations.fromValidated(context.source, context.operationName ?? undefined)
      if (prepared.type === 'subscription') {
        throw new GraphQLError('subscriptions run over a WebSocket at the same address (graphql-ws)', { extensions: { code: 'BAD_REQUEST' } })
      }
      const { spent: _, ...answer } = await callers.run(session, exchange, prepared, context.request.variables, (caller) => prepared.execute(caller, context.request.variables))
      if (answer.data === undefined) outcome.refusal = answer.errors
      return answer
    } catch (error) {
      const errors = graphqlErrors(error)
      if (errors[0]?.extensions['code'] === 'INTERNAL') logger.error({ problem: (error as Error).stack }, 'an operation failed')
      return { errors }
    }
  }

  const gateway: GatewayInterface = {
    onSchemaLoadOrUpdate: (callback) =>
      graphs.onChange((operations) => {
        bySchema.set(operations.graph.schema, operations)
        callback({ apiSchema: operations.graph.schema, coreSupergraphSdl: operations.graph.sdl })
      }),
    load: async () => ({ executor }),
    stop: async () => {},
  }

  const server = new ApolloServer<ApolloContext>({
    gateway,
    introspection,
    csrfPrevention: true,
    includeStacktraceInErrorResponses: false,
    // Apollo Server gives every validation error one code; a limit keeps its own
    formatError: (formatted, error) => {
      const own = (error as GraphQLError).originalError as GraphQLError | undefined
      return own?.extensions?.['code'] === 'OPERATION_TOO_LARGE' ? { ...formatted, extensions: { code: 'OPERATION_TOO_LARGE' } } : formatted
    },
    stopOnTerminationSignals: false,
    hideSchemaDetailsFromClientErrors: !introspection,
    parseOptions: { maxTokens: limits.tokens },
    validationRules: [operationLimits],
    plugins: [ApolloServerPluginLandingPageDisabled(), ApolloServerPluginCacheControlDisabled(), ApolloServerPluginUsageReportingDisabled()],
    logger: {
      debug: (message) => logger.debug(message),
      info: (message) => logger.debug(message),
      warn: (message) => logger.warn(message),
      error: (message) => logger.error(message),
    },
  })
  await server.start()
  return server
}
