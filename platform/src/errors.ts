/**
 * Every refusal of the system: one table says how a code travels. `problem` names the SDL type that carries the code
 * where a mutation's result union has it; elsewhere the error is thrown.
 */
const table = {
  UNAUTHENTICATED: { http: 401, log: 'info', retryable: false },
  FORBIDDEN: { http: 403, log: 'info', retryable: false },
  NOT_FOUND: { http: 404, log: 'info', retryable: false },
  INVALID_INPUT: { http: 400, log: 'info', retryable: false, problem: 'InvalidInput' },
  TRANSITION_REFUSED: { http: 409, log: 'info', retryable: false, problem: 'TransitionRefused' },
  CONFLICT: { http: 409, log: 'info', retryable: true },
  /** An event came before the fact it builds on: try again later. */
  NOT_YET: { http: 409, log: 'debug', retryable: true },
  BAD_SIGNATURE: { http: 401, log: 'warn', retryable: false },
  UNAVAILABLE: { http: 503, log: 'warn', retryable: true },
  INTERNAL: { http: 500, log: 'error', retryable: true },
} as const satisfies Record<string, CodeRow>

type CodeRow = { http: number; log: 'debug' | 'info' | 'warn' | 'error'; retryable: boolean; problem?: string }
export type PlatformCode = keyof typeof table

/**
 * A refusal with a stable code, a sentence a person can act on, and details that are safe to show (never PHI).
 * Codes of a domain (LEASE_LOST, WRONG_PRODUCT …) are declared beside their rule with `problem`, the SDL type's name.
 */
export class AppError extends Error {
  readonly code: string
  readonly details: Record<string, unknown>
  readonly row: CodeRow

  constructor(code: PlatformCode | (string & {}), message: string, details: Record<string, unknown> = {}, row?: Partial<CodeRow>) {
    super(message)
    this.name = 'AppError'
    this.code = code
    this.details = details
    const known: CodeRow | undefined = code in table ? table[code as PlatformCode] : undefined
    this.row = { ...(known ?? { http: 422, log: 'info', retryable: false }), ...row }
  }
}

export const notFound = (what: string): AppError => new AppError('NOT_FOUND', `no such ${what}`)
export const forbidden = (why: string): AppError => new AppError('FORBIDDEN', why)
export const invalid = (field: string, message: string): AppError => new AppError('INVALID_INPUT', message, { field })
export const notYet = (what: string): AppError => new AppError('NOT_YET', `${what} is not known here yet`)
/** A refusal that clients handle as a member of a result union: `problem('LeaseLost', 'LEASE_LOST', …)`. */
export const problem = (type: string, code: string, message: string, details: Record<string, unknown> = {}): AppError =>
  new AppError(code, message, details, { problem: type })
