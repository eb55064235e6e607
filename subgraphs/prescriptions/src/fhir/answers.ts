/** FHIR over HTTP: refusals are OperationOutcomes. */
import { AppError, type Route, type RouteAnswer } from '@pharmagraph/platform'
import type { Services } from '../services.ts'
import { outcomeOfIssues, type IssueCode, type Resource } from './r4.ts'
import type { Issue } from './shape.ts'

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
  const found = thrown.details['issues'] as readonly Issue[] | undefined
  const issues = found?.map(({ path, message }) => ({ diagnostics: message, expression: path })) ?? [{ diagnostics: thrown.message, expression: typeof field === 'string' ? field : undefined }]
  return { status: thrown.row.http, outcome: outcomeOfIssues(thrown.row.http === 415 ? 'not-supported' : (issueCodes[thrown.code] ?? 'business-rule'), issues) }
}

/** Throws INVALID_INPUT, as 415, for what says of itself that it is no JSON, such as FHIR in XML. */
export function mustBeJson(contentType: string | string[] | undefined): void {
  const type = String(contentType ?? '').split(';')[0]!.trim().toLowerCase()
  if (type && !/[/+]json$/.test(type)) throw new AppError('INVALID_INPUT', `send application/fhir+json: ${type.slice(0, 60)} is not read here`, { field: 'Content-Type' }, { http: 415 })
}

/** Throws INVALID_INPUT for what is no resource. */
export function parseResource(text: string): Resource {
  let resource: Resource | null = null
  try {
    resource = JSON.parse(text.replace(/^\uFEFF/, '')) as Resource | null
  } catch {
    // told below
  }
  if (text.includes('\\u0000')) throw new AppError('INVALID_INPUT', 'the resource holds a NUL character', { field: 'resourceType' })
  if (resource && typeof resource === 'object' && typeof resource.resourceType === 'string') return resource
  throw new AppError('INVALID_INPUT', 'this is not a FHIR resource in JSON', { field: 'resourceType' })
}
