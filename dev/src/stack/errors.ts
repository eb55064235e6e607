export type StackErrorCode = 'ALREADY_RUNNING' | 'PORT_TAKEN' | 'BAD_SETTING' | 'NOT_FOUND' | 'UNREACHABLE' | 'START_FAILED' | 'START_TIMEOUT'

/** Something a developer can put right; the message says where it went wrong and what to do. */
export class StackError extends Error {
  override readonly name = 'StackError'
  readonly code: StackErrorCode
  constructor(code: StackErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
