import { buildHTTPExecutor } from '@graphql-tools/executor-http'

type Options = Parameters<typeof buildHTTPExecutor>[0]

/** Lets Hive Gateway's runtime ask subgraphs over HTTP, as its own transport package does. */
export const hiveTransports = (more: Options = {}) => ({
  http: { getSubgraphExecutor: ({ transportEntry, fetch }: { transportEntry: { location?: string | undefined }; fetch?: unknown }) => buildHTTPExecutor({ ...more, endpoint: transportEntry.location!, fetch: fetch as never } as never) },
})
