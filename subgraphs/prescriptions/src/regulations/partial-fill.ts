/** Dispensing less than prescribed, and until when the rest may follow (21 CFR 1306.13, 1306.23; 21 USC 829(f)). */
import { addDays, clock } from '@pharmagraph/platform'
import { lastDayOfFill, refusal, refusalsOfFill, type Fillable, type Refusal } from './decisions.ts'
import { rulesAt, type PartialFillCause, type Rule } from './rules.ts'

export type PartialFill = {
  cause: PartialFillCause
  prescribed: number
  /** Parts dispensed before, dispensing units. */
  dispensed: readonly number[]
  /** When the first part left; undefined for the first itself. */
  firstAt?: Date | undefined
  quantity: number
}

/** The row that governs a partial fill for this cause; undefined where none permits it. */
export function partialFillRule({ schedule, oralAuthorisedAt }: Fillable, cause: PartialFillCause, day: string): Rule<'PARTIAL_FILL'> | undefined {
  const rules = rulesAt('PARTIAL_FILL', schedule, day).filter(({ parameters }) => parameters.cause === cause || parameters.cause === 'ANY')
  const ofEmergencies = rules.find(({ parameters }) => 'hoursFromOralIssue' in parameters)
  return oralAuthorisedAt && ofEmergencies ? ofEmergencies : rules.find((rule) => rule !== ofEmergencies)
}

/** Until when the rest may be dispensed; after it the rest is void and takes a new prescription. */
export function partialFillDeadline(prescription: Fillable, { cause, firstAt }: Pick<PartialFill, 'cause' | 'firstAt'>, at: Date): Date | undefined {
  const rule = partialFillRule(prescription, cause, clock.dayOf(at))
  if (!rule) return undefined
  const { parameters } = rule
  if ('hoursFromFirst' in parameters) return hoursAfter(firstAt ?? at, parameters.hoursFromFirst)
  if ('hoursFromOralIssue' in parameters) return hoursAfter(prescription.oralAuthorisedAt!, parameters.hoursFromOralIssue)
  const { lastDay } = lastDayOfFill(prescription)
  const day = 'daysFromIssue' in parameters ? addDays(prescription.issueDate, parameters.daysFromIssue) : lastDay
  return endOfDay(day < lastDay ? day : lastDay)
}

/** Why a part may not be dispensed at `at`; undefined when it may. */
export function refusalOfPartial(prescription: Fillable, partial: PartialFill, at: Date): Refusal | undefined {
  const day = clock.dayOf(at)
  const rule = partialFillRule(prescription, partial.cause, day)
  if (!rule) {
    const [any] = rulesAt('PARTIAL_FILL', prescription.schedule, day)
    return any && refusal('PARTIAL_FILL_CAUSE', 'A schedule II prescription is filled in part only for one of the causes the law names', any, null, 'The whole quantity')
  }
  const total = partial.dispensed.reduce((sum, quantity) => sum + quantity, 0) + partial.quantity
  if (total > partial.prescribed) {
    return refusal('PARTIAL_FILL_TOO_MUCH', `The parts make ${total} units, ${partial.prescribed} were prescribed`, rule, null, 'A smaller part')
  }
  const deadline = partialFillDeadline(prescription, partial, at)
  return deadline && at > deadline ? refusal('PARTIAL_FILL_TOO_LATE', `The rest could be dispensed until ${deadline.toISOString()}`, rule, null, 'A new prescription for the rest') : undefined
}

/** The rest of a part is no refill: of the prescription only its days count, and the part's own deadline at `at`. */
export function refusalsOfRest(prescription: Fillable, { cause, prescribed, dispensed, firstAt, quantity }: Omit<PartialFill, 'dispensed'> & { dispensed: number }, day: string, at: Date): Refusal[] {
  const late = refusalOfPartial(prescription, { cause, prescribed, dispensed: [dispensed], firstAt, quantity }, at)
  return [...refusalsOfFill(prescription, day).filter(({ code }) => !ofRefills.includes(code)), ...(late ? [late] : [])]
}
const ofRefills: readonly string[] = ['NO_REFILLS_LEFT', 'REFILL_TOO_EARLY', 'REFILL_SUPPLY_EXCEEDED', 'FIRST_FILL_TOO_LATE']

export const hoursAfter = (instant: Date, hours: number): Date => new Date(instant.getTime() + hours * 3_600_000)

/** The last instant of a legal day in the pharmacy's time zone. */
export function endOfDay(day: string): Date {
  const noon = new Date(`${addDays(day, 1)}T12:00:00Z`)
  // walks back from noon UTC of the next day, which lies in it in every American time zone
  let instant = new Date(noon.getTime() - 12 * 3_600_000)
  while (clock.dayOf(instant) <= day) instant = hoursAfter(instant, 1)
  return new Date(instant.getTime() - 1)
}
