import { problem, type AppError } from '@pharmagraph/platform'
import { reason, type Reason, type ReasonCode } from './reasons.ts'

/** The refusal `NotOrderable` of the SDL. */
export function notOrderable(why: Reason | ReasonCode): AppError {
  const told = typeof why === 'string' ? reason(why) : why
  return problem('NotOrderable', told.code, told.message, { reason: told })
}
