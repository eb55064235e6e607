/** What one request or one consumed event carries through all it causes, without being passed by hand. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { newId } from './ids.ts'

export type RequestContext = {
  /** One id from the click to the last push. */
  correlationId: string
  /** The event that caused this, if one did. */
  causationId?: string
  traceparent?: string
}

const storage = new AsyncLocalStorage<RequestContext>()
export const withRequestContext = <T>(context: RequestContext, run: () => T): T => storage.run(context, run)
/** The current span, where there is one. */
export const traceparentNow = (): string | undefined => storage.getStore()?.traceparent
export const requestContext = (): RequestContext => storage.getStore() ?? { correlationId: newId() }
