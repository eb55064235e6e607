/** Refusals of this subgraph that clients handle, each a member of a result union. */
import { allowedActions, clock, problem, secondFactorWithin, stepUpRequired, stepUpSeconds, type Actor, type AppError, type Lifecycle } from '@pharmagraph/platform'
import { isControlled, type DeaSchedule } from './entities/prescription.ts'
import type { Refusal } from './regulations/decisions.ts'

/** A foreseen refusal of a verb that the state as such would allow. */
export const refused = <State extends string, Subject extends { id: string; status: State }>(
  lifecycle: Lifecycle<State, Subject>, subject: Subject, actor: Actor, { code, message }: { code: string; message: string },
): AppError => problem('TransitionRefused', code, message, { allowed: allowedActions(lifecycle, subject, actor) })

export const separationOfDuties = (message: string): AppError => problem('SeparationOfDuties', 'SEPARATION_OF_DUTIES', message)

/** Fields of a submission that a rule speaks of, to name the one that has to change. */
const fieldOf: Record<string, string> = { CI_NOT_DISPENSABLE: 'drug', CII_NO_REFILLS: 'refills', TOO_MANY_REFILLS: 'refills', EVALUATION_REQUIRED: 'evaluationBasis', FILL_SUPPLY_EXCEEDED: 'daysSupply', EMERGENCY_SUPPLY_EXCEEDED: 'daysSupply', EMERGENCY_RECORDED_LATE: 'authorisedAt', NOT_SCHEDULE_II: 'drugId' }

/** A submission no rule lets us accept. */
export const refusedByRule = ({ code, message, rule, source, nextEligibleAt }: Refusal): AppError =>
  problem('InvalidInput', code, message, { field: fieldOf[code] ?? 'issueDate', rule, source, nextEligibleAt })

/** Second factor: for a controlled substance one not older than five minutes (21 CFR 1311.205 asks for access control by person). */
export function mustHaveSecondFactor(actor: Actor, schedule: DeaSchedule): void {
  const proved = isControlled(schedule) ? secondFactorWithin(actor, stepUpSeconds, clock.now()) : actor.amr.includes('otp')
  if (!proved) throw stepUpRequired()
}
