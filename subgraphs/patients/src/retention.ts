import { addMonths, clock } from '@pharmagraph/platform'

export type RetentionClock = { record: string; years: number; source: string }

/**
 * How long a pharmacy must keep what, from the last entry on. A patient's record holds all of these together, so the
 * longest decides (GDPR 17(3)(b), (c) and (e) leave what the law demands).
 */
export const retentionClocks: readonly RetentionClock[] = [
  { record: 'CONTROLLED_SUBSTANCES', years: 2, source: '21 CFR 1304.04(a)' },
  { record: 'HIPAA_DOCUMENTATION', years: 6, source: '45 CFR 164.316(b)(2), 164.530(j)' },
  { record: 'DSCSA_TRANSACTIONS', years: 6, source: '21 USC 360eee-1(d)' },
  { record: 'STATE_RECORDS', years: 10, source: 'the longest of the states, which ask for two to ten years' },
]

export const retentionYears = Math.max(...retentionClocks.map(({ years }) => years))

/** The last day on which a record whose last entry is of `instant` must be there, YYYY-MM-DD. */
export const keptUntil = (instant: Date): string => addMonths(clock.dayOf(instant), retentionYears * 12)
