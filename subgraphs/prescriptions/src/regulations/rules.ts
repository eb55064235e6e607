/**
 * The rules of dispensing as data: each row says where it comes from and from when to when it holds. A change of law is
 * a new row and an end date on the old one, never an `if`. Where several rows hold at once, the stricter one wins.
 */
import type { DeaSchedule, EvaluationBasis } from '../entities/prescription.ts'

/** What a rule sets, by kind. Counts are whole numbers, spans calendar months or days. */
export type Parameters = {
  /** Never dispensed. */
  NOT_DISPENSABLE: object
  REFILLS: { max: number }
  /** No fill or refill after so many calendar months from the day of issue. */
  VALIDITY: { months: number }
  /** Several prescriptions of one day for later fills: days' supply of all together. */
  SERIES: { maxDaysSupply: number }
  /** A refill is due when this share of the last supply is used, or so many days before all of it is. */
  EARLY_REFILL: { usedShare: number } | { daysBeforeRunOut: number }
  /** On which knowledge of the patient a prescription issued in the rule's time may rest. */
  EVALUATION: { bases: readonly EvaluationBasis[] }
}
export type RuleKind = keyof Parameters

export type Rule<Kind extends RuleKind = RuleKind> = {
  readonly id: string
  readonly kind: Kind
  readonly jurisdiction: 'US' | 'PHARMACY'
  readonly schedules: readonly DeaSchedule[]
  /** First and last day; null is open. */
  readonly from: string
  readonly to: string | null
  readonly source: string
  readonly parameters: Parameters[Kind]
}

/** The Controlled Substances Act came into force; older prescriptions are refused before any rule is asked. */
export const firstRuledDay = '1971-05-01'

const controlled = ['CII', 'CIII', 'CIV', 'CV'] as const
const rule = <Kind extends RuleKind>(row: Rule<Kind>): Rule<Kind> => row

export const rules: readonly { [Kind in RuleKind]: Rule<Kind> }[RuleKind][] = [
  rule({ id: 'us-ci', kind: 'NOT_DISPENSABLE', jurisdiction: 'US', schedules: ['CI'], from: firstRuledDay, to: null, source: '21 USC 812(b)(1), 829', parameters: {} }),

  rule({ id: 'us-cii-no-refill', kind: 'REFILLS', jurisdiction: 'US', schedules: ['CII'], from: firstRuledDay, to: null, source: '21 CFR 1306.12(a)', parameters: { max: 0 } }),
  rule({ id: 'us-ciii-civ-refills', kind: 'REFILLS', jurisdiction: 'US', schedules: ['CIII', 'CIV'], from: firstRuledDay, to: null, source: '21 CFR 1306.22(a)', parameters: { max: 5 } }),

  rule({ id: 'us-ci-validity', kind: 'VALIDITY', jurisdiction: 'US', schedules: ['CI'], from: firstRuledDay, to: null, source: '21 USC 829', parameters: { months: 0 } }),
  rule({ id: 'us-ciii-civ-validity', kind: 'VALIDITY', jurisdiction: 'US', schedules: ['CIII', 'CIV'], from: firstRuledDay, to: null, source: '21 CFR 1306.22(a)', parameters: { months: 6 } }),
  rule({ id: 'pharmacy-cii-validity', kind: 'VALIDITY', jurisdiction: 'PHARMACY', schedules: ['CII'], from: firstRuledDay, to: null, source: 'Pharmacy policy: federal law sets no last day for schedule II', parameters: { months: 6 } }),
  rule({ id: 'pharmacy-validity', kind: 'VALIDITY', jurisdiction: 'PHARMACY', schedules: ['NONE', 'CV'], from: firstRuledDay, to: null, source: 'Pharmacy policy after common state law', parameters: { months: 12 } }),

  rule({ id: 'us-cii-series', kind: 'SERIES', jurisdiction: 'US', schedules: ['CII'], from: '2007-12-19', to: null, source: '21 CFR 1306.12(b)', parameters: { maxDaysSupply: 90 } }),

  rule({ id: 'pharmacy-early-refill', kind: 'EARLY_REFILL', jurisdiction: 'PHARMACY', schedules: ['NONE'], from: firstRuledDay, to: null, source: 'Pharmacy policy: 80 % of the last supply used', parameters: { usedShare: 0.8 } }),
  rule({ id: 'pharmacy-early-refill-controlled', kind: 'EARLY_REFILL', jurisdiction: 'PHARMACY', schedules: controlled, from: firstRuledDay, to: null, source: 'Pharmacy policy: two days before the whole supply runs out', parameters: { daysBeforeRunOut: 2 } }),

  rule({
    id: 'us-telemedicine-flexibility', kind: 'EVALUATION', jurisdiction: 'US', schedules: controlled, from: '2020-03-31', to: '2026-12-31',
    source: '21 CFR 1307.41; 90 FR 61301 (2025-12-31)', parameters: { bases: ['IN_PERSON', 'SPECIAL_REG', 'VA', 'BUPRENORPHINE', 'TELEMED_TEMP_RULE'] },
  }),
  rule({
    id: 'us-in-person-evaluation', kind: 'EVALUATION', jurisdiction: 'US', schedules: controlled, from: '2027-01-01', to: null,
    source: '21 USC 829(e); 21 CFR 1306.09', parameters: { bases: ['IN_PERSON', 'SPECIAL_REG', 'VA', 'BUPRENORPHINE'] },
  }),
]

/** The rows of a kind that hold for a schedule on a day. */
export const rulesAt = <Kind extends RuleKind>(kind: Kind, schedule: DeaSchedule, day: string): Rule<Kind>[] =>
  (rules as readonly Rule[]).filter(
    (row): row is Rule<Kind> => row.kind === kind && row.schedules.includes(schedule) && row.from <= day && (row.to === null || day <= row.to),
  )
