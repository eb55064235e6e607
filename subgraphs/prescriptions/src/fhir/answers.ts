/** FHIR over HTTP: refusals are OperationOutcomes. */
import { AppError, type Route, type RouteAnswer } from '@pharmagraph/platform'
import type { Services } from '../services.ts'
import { operationOutcome, type IssueCode, type Resource } from './r4.ts'

const contentType = 'application/fhir+json; charset=utf-8'
const issueCodes: Record<string, IssueCode> = { NOT_FOUND: 'not-found', UNAUTHENTICATED: 'login', FORBIDDEN: 'forbidden', INVALID_INPUT: 'invalid' }

export const fhirAnswer = (status: number, body: object, headers?: Record<string, string>): RouteAnswer => ({ status, body, contentType, ...(headers ? { headers } : {}) })

/** Tells what the route refuses as an OperationOutcome. */
export function answering(run: Route<Services>['run']): Route<Services>['run'] {
  return async (tools) => {
    try {
      return await run(tools)
    } catch (thrown) {
      const { status, outcome } = outcomeOf(thrown)
      return fhirAnswer(status, outcome)
    }
  }
}

export function outcomeOf(thrown: unknown): { status: number; outcome: object } {
  if (!(thrown instanceof AppError) || thrown.row.http >= 500) throw thrown
  const field = thrown.details['field']
  return { status: thrown.row.http, outcome: operationOutcome(issueCodes[thrown.code] ?? 'business-rule', thrown.message, { expression: typeof field === 'string' ? field : undefined }) }
}

/** Throws INVALID_INPUT for what is no resource. */
export function parseResource(text: string): Resource {
  let resource: Resource | null = null
  try {
    resource = JSON.parse(text) as Resource | null
  } catch {
    // told below
  }
  if (text.includes('\\u0000')) throw new AppError('INVALID_INPUT', 'the resource holds a NUL character', { field: 'resourceType' })
  if (resource && typeof resource === 'object' && typeof resource.resourceType === 'string') return resource
  throw new AppError('INVALID_INPUT', 'this is not a FHIR resource in JSON', { field: 'resourceType' })
}
