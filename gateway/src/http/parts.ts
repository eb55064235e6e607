/** Answers in parts over one HTTP response: `multipart/mixed` as Apollo's clients ask for it with `deferSpec=20220824`. */
import { once } from 'node:events'
import type { GraphQLError } from 'graphql'
import type { Payload } from '../operations/deferred.ts'
import type { Exchange } from './exchange.ts'

export const takesParts = (accept: string | undefined): boolean => /multipart\/mixed[^,]*;\s*deferSpec=20220824/.test(accept ?? '')

/** Sends each part when it is there; a client that leaves ends it. Resolves all errors told. */
export async function sendParts({ response }: Pick<Exchange, 'response'>, parts: AsyncGenerator<Payload, void>): Promise<{ data: unknown; errors: GraphQLError[] }> {
  const errors: GraphQLError[] = []
  let data: unknown
  try {
    for await (const part of parts) {
      let start = ''
      if (!response.headersSent) {
        response.writeHead(200, { 'content-type': 'multipart/mixed; boundary="-"; deferSpec=20220824', 'cache-control': 'no-store' })
        start = '\r\n---\r\n'
        data = part.data
      }
      for (const { errors: told = [] } of [part, ...(part.incremental ?? [])]) errors.push(...told)
      const free = response.write(`${start}content-type: application/json; charset=utf-8\r\n\r\n${JSON.stringify(part)}\r\n---${part.hasNext ? '' : '--'}\r\n`)
      if (!free && !response.destroyed) await Promise.race([once(response, 'drain'), once(response, 'close')])
      if (response.destroyed) break
    }
  } catch (error) {
    // a part that is missing is told by the missing end
    if (response.headersSent) response.destroy()
    throw error
  }
  response.end()
  return { data, errors }
}
