/**
 * The rules of dispensing as data: each row says where it comes from and from when to when it holds. A change of law is
 * a new row and an end date on the old one, never an `if`. Where several rows hold at once, the stricter one wins.
 */
import type { DeaSchedule, EvaluationBasis, PrescriptionSource } from '../entities/prescription.ts'

/** What a rule sets, by kind. Counts are whole numbers, spans calendar months or days. */
export type Parameters = {
  /** Never dispensed. */
  NOT_DISPENSABLE: object
  REFILLS: { max: number }
  /** No fill or refill after so many calendar months from the day of issue, or so many days from it or from the earliest fill date, if there is one. */
  VALIDITY: { months: number } | { days: number }
  /** Days' supply of all refills together, the first fill not counted. */
  REFILL_SUPPLY: { maxDays: number }
  /** The first fill no later than so many days after the day of issue. */
  FIRST_FILL: { withinDays: number }
  /** Days' supply of one fill. */
  FILL_SUPPLY: { maxDays: number }
  /** The same, and the refills of such a prescription, where the prescriber names one of the conditions on its face, by code or in words. */
  FILL_SUPPLY_CONDITION: { conditions: Readonly<Record<string, string>>; maxDays: number; maxRefills: number }
  /** Refills of drugs with one of these ingredients, whatever their schedule has. */
  REFILLS_OF: { ingredients: readonly string[]; max: number }
  /** Several prescriptions of one day for later fills: days' supply of all together. */
  SERIES: { maxDaysSupply: number }
  /** A refill is due when this share of the last supply is used, or so many days before all of it is. */
  EARLY_REFILL: { usedShare: number } | { daysBeforeRunOut: number }
  /** On which knowledge of the patient a prescription issued in the rule's time may rest. */
  EVALUATION: { bases: readonly EvaluationBasis[] }
  /** Until when the rest of a partial fill may follow: hours from the first part or from an oral issue in an emergency, days from the day of issue, or the prescription's own last day. */
  PARTIAL_FILL: { cause: PartialFillCause; hoursFromFirst: number } | { cause: PartialFillCause; hoursFromOralIssue: number } | { cause: PartialFillCause; daysFromIssue: number } | { cause: PartialFillCause; untilLastDay: true }
  /** How often what may go to another pharmacy; `shared` where both look into one real-time database. */
  TRANSFER: { of: 'REFILLS' | 'INITIAL_FILL'; times: number; timesShared: number; electronicOnly: boolean }
  /** What a prescription must say before it is verified. */
  ELEMENTS: { required: readonly string[] }
  /**
   * An oral prescription in an emergency: within so many hours, or by the end of so many days, the written or electronic one must be
   * here, or postmarked where that counts; else the authority is told, within so many hours of the failure or of the dispensing.
   */
  EMERGENCY_ORAL: ({ followUpDays: number } | { followUpHours: number }) & { postmarkCounts: boolean; tell: Authority; tellWithin?: { hours: number; from: 'FAILURE' | 'DISPENSING' } }
  /** Days' supply of an oral prescription in an emergency. */
  EMERGENCY_SUPPLY: { maxDays: number }
  /** An oral prescription in an emergency is reduced to writing within so many hours. */
  EMERGENCY_RECORD: { withinHours: number }
  /** The last day of a fill on an oral prescription in an emergency, in days from its authorisation. */
  EMERGENCY_VALIDITY: { days: number }
  /** A month of at least so many controlled prescriptions or dosage units is reported, any other told as negative, by that day of the next. */
  MONTHLY_REPORT: { prescriptions: number; dosageUnits: number; dueDay: number }
  /** A pharmacist may refuse, and says why. */
  RESPONSIBILITY: { reasonRequired: true }
  /** A prescription altered after it was signed is not dispensed. */
  INTEGRITY: { alteredIsVoid: true }
  /** Which ways a prescription may have come in to be verified. */
  ORIGIN: { sources: readonly PrescriptionSource[] }
  /** Who signs or lets pass: how many factors of {know, have, are}, the second not older than so many seconds. */
  SIGNING: { factors: number; maxAgeSeconds: number }
  /** The pharmacy signs on receipt and archives; its clock is right to minutes; an incident is told within business days. */
  APPLICATION: { signOnReceipt: true; clockWithinMinutes: number; incidentBusinessDays: number }
  /** Theft or loss: business days to the first notice, days to the full report. */
  LOSS: { noticeBusinessDays: number; reportDays: number }
  /** Stock of controlled substances is counted every so many years: exactly, or estimated in containers of at most so many units. */
  STOCK_COUNT: { everyYears: number; exact: true } | { everyYears: number; estimateUpToUnits: number }
  /** Years for which records of dispensing are kept. */
  RECORDS: { years: number }
  /** The state's monitoring programme is asked so many days before the verification at most. */
  PDMP_QUERY: { withinDays: number }
  /** It is told of a dispensing by the end of so many business days after it; of a day without any as well, where `zeroReports` says so. */
  PDMP_REPORT: { businessDays: number; zeroReports?: true }
  /** Handing over: signature of an adult, and whether the parcel may be left. Minor units of the order's currency. */
  DELIVERY: { adultSignature: boolean; safePlace: boolean; orAboveMinor: number }
  /** Only what a pharmacist verified is filled. */
  VERIFICATION: { by: 'PHARMACIST' }
  /** For what the patient must have consented. */
  CONSENT: { purpose: 'DISPENSING' }
  /** How many fills of one prescription may be under way. */
  FILLS_AT_ONCE: { max: number }
}
export type RuleKind = keyof Parameters
/** Why only a part of the quantity was dispensed. */
export type PartialFillCause = 'SHORT_SUPPLY' | 'REQUESTED' | 'LONG_TERM_CARE_OR_TERMINAL' | 'ANY'
/** Who is told that a prescriber did not confirm an oral order: the DEA, California's Department of Justice, New York's Department of Health. */
export type Authority = 'DEA' | 'CA_DOJ' | 'NY_DOH'
/** States with rows of their own; elsewhere the federal rule and the pharmacy's hold. */
export const ruledStates = ['CA', 'FL', 'IA', 'NY', 'PA', 'SC', 'TX'] as const
export type Jurisdiction = 'US' | 'PHARMACY' | (typeof ruledStates)[number]

export type Rule<Kind extends RuleKind = RuleKind> = {
  readonly id: string
  readonly kind: Kind
  readonly jurisdiction: Jurisdiction
  readonly schedules: readonly DeaSchedule[]
  /** First and last day; null is open. */
  readonly from: string
  readonly to: string | null
  readonly source: string
  readonly parameters: Parameters[Kind]
}

/** The Controlled Substances Act came into force; older prescriptions are refused before any rule is asked. */
export const firstRuledDay = '1971-05-01'

/**
 * The first day of rows of states whose own first day is not recorded here; prescriptions of before are outside every
 * validity by now.
 */
const statesFrom = '2020-01-01'

const controlled = ['CII', 'CIII', 'CIV', 'CV'] as const
const all = ['NONE', ...controlled] as const
const rule = <Kind extends RuleKind>(row: Rule<Kind>): Rule<Kind> => row

export const rules: readonly { [Kind in RuleKind]: Rule<Kind> }[RuleKind][] = [
  rule({ id: 'us-ci', kind: 'NOT_DISPENSABLE', jurisdiction: 'US', schedules: ['CI'], from: firstRuledDay, to: null, source: '21 USC 812(b)(1), 829', parameters: {} }),

  rule({ id: 'us-cii-no-refill', kind: 'REFILLS', jurisdiction: 'US', schedules: ['CII'], from: firstRuledDay, to: null, source: '21 CFR 1306.12(a)', parameters: { max: 0 } }),
  rule({ id: 'us-ciii-civ-refills', kind: 'REFILLS', jurisdiction: 'US', schedules: ['CIII', 'CIV'], from: firstRuledDay, to: null, source: '21 CFR 1306.22(a)', parameters: { max: 5 } }),

  rule({ id: 'us-ci-validity', kind: 'VALIDITY', jurisdiction: 'US', schedules: ['CI'], from: firstRuledDay, to: null, source: '21 USC 829', parameters: { months: 0 } }),
  rule({ id: 'us-ciii-civ-validity', kind: 'VALIDITY', jurisdiction: 'US', schedules: ['CIII', 'CIV'], from: firstRuledDay, to: null, source: '21 CFR 1306.22(a)', parameters: { months: 6 } }),
  rule({ id: 'pharmacy-cii-validity', kind: 'VALIDITY', jurisdiction: 'PHARMACY', schedules: ['CII'], from: firstRuledDay, to: null, source: 'Pharmacy policy: federal law sets no last day for schedule II', parameters: { months: 6 } }),
  rule({ id: 'pharmacy-validity', kind: 'VALIDITY', jurisdiction: 'PHARMACY', schedules: ['NONE', 'CV'], from: firstRuledDay, to: null, source: 'Pharmacy policy after common state law', parameters: { months: 12 } }),

  rule({ id: 'ca-controlled-validity', kind: 'VALIDITY', jurisdiction: 'CA', schedules: controlled, from: '1993-01-01', to: null, source: 'Cal. Health & Safety Code 11200(a)', parameters: { months: 6 } }),
  rule({ id: 'fl-ciii-cv-validity', kind: 'VALIDITY', jurisdiction: 'FL', schedules: ['CIII', 'CIV', 'CV'], from: statesFrom, to: null, source: 'Fla. Stat. 893.04(1)(g)', parameters: { months: 6 } }),
  rule({ id: 'ia-ciii-cv-validity', kind: 'VALIDITY', jurisdiction: 'IA', schedules: ['CIII', 'CIV', 'CV'], from: statesFrom, to: null, source: 'Iowa Admin. Code 657-10.28', parameters: { months: 6 } }),
  rule({ id: 'ny-cii-validity', kind: 'VALIDITY', jurisdiction: 'NY', schedules: ['CII'], from: statesFrom, to: null, source: 'N.Y. Pub. Health Law 3333(1)', parameters: { days: 30 } }),
  rule({ id: 'ny-ciii-cv-validity', kind: 'VALIDITY', jurisdiction: 'NY', schedules: ['CIII', 'CIV', 'CV'], from: statesFrom, to: null, source: 'N.Y. Pub. Health Law 3339(2)', parameters: { months: 6 } }),
  rule({ id: 'sc-ciii-cv-validity', kind: 'VALIDITY', jurisdiction: 'SC', schedules: ['CIII', 'CIV', 'CV'], from: statesFrom, to: null, source: 'S.C. Code 44-53-360(b)', parameters: { months: 6 } }),
  rule({ id: 'tx-cii-validity-2016', kind: 'VALIDITY', jurisdiction: 'TX', schedules: ['CII'], from: '2016-03-10', to: '2021-06-08', source: '22 TAC 315.3(a)(4), 315.5 as adopted 2016 (41 TexReg 1690)', parameters: { days: 21 } }),
  rule({ id: 'tx-cii-validity', kind: 'VALIDITY', jurisdiction: 'TX', schedules: ['CII'], from: '2021-06-09', to: null, source: '22 TAC 315.3(a)(4), 315.5(b)(1) (46 TexReg 3521)', parameters: { days: 30 } }),
  rule({ id: 'tx-ciii-cv-validity', kind: 'VALIDITY', jurisdiction: 'TX', schedules: ['CIII', 'CIV', 'CV'], from: '2016-03-10', to: null, source: '22 TAC 315.5(b)(2)', parameters: { months: 6 } }),

  rule({ id: 'fl-ciii-cv-refills', kind: 'REFILLS', jurisdiction: 'FL', schedules: ['CIII', 'CIV', 'CV'], from: statesFrom, to: null, source: 'Fla. Stat. 893.04(1)(g)', parameters: { max: 5 } }),
  rule({ id: 'ia-ciii-cv-refills', kind: 'REFILLS', jurisdiction: 'IA', schedules: ['CIII', 'CIV', 'CV'], from: statesFrom, to: null, source: 'Iowa Admin. Code 657-10.28', parameters: { max: 5 } }),
  rule({ id: 'sc-ciii-cv-refills', kind: 'REFILLS', jurisdiction: 'SC', schedules: ['CIII', 'CIV', 'CV'], from: statesFrom, to: null, source: 'S.C. Code 44-53-360(b)', parameters: { max: 5 } }),
  rule({ id: 'tx-ciii-cv-refills', kind: 'REFILLS', jurisdiction: 'TX', schedules: ['CIII', 'CIV', 'CV'], from: '2016-03-10', to: null, source: '22 TAC 315.5(b)(2)', parameters: { max: 5 } }),
  rule({ id: 'ca-ciii-civ-refills', kind: 'REFILLS', jurisdiction: 'CA', schedules: ['CIII', 'CIV'], from: '1993-01-01', to: null, source: 'Cal. Health & Safety Code 11200(b)', parameters: { max: 5 } }),
  rule({ id: 'ca-ciii-civ-refill-supply', kind: 'REFILL_SUPPLY', jurisdiction: 'CA', schedules: ['CIII', 'CIV'], from: '1993-01-01', to: null, source: 'Cal. Health & Safety Code 11200(b)', parameters: { maxDays: 120 } }),
  rule({ id: 'ny-first-fill', kind: 'FIRST_FILL', jurisdiction: 'NY', schedules: controlled, from: statesFrom, to: null, source: 'N.Y. Pub. Health Law 3333(1)', parameters: { withinDays: 30 } }),
  rule({ id: 'ny-fill-supply', kind: 'FILL_SUPPLY', jurisdiction: 'NY', schedules: controlled, from: statesFrom, to: null, source: 'N.Y. Pub. Health Law 3332(3), 3333(1)', parameters: { maxDays: 30 } }),
  rule({
    id: 'ny-fill-supply-condition', kind: 'FILL_SUPPLY_CONDITION', jurisdiction: 'NY', schedules: controlled, from: statesFrom, to: null, source: 'N.Y. Pub. Health Law 3332(3), 3333(1), 3339(2); 10 NYCRR 80.67(d), 80.69(d)',
    parameters: {
      conditions: {
        A: 'panic disorder', B: 'attention deficit disorder', C: 'chronic neurological condition with movement disorder, seizures, convulsions or spasms', D: 'relief of pain in a chronic and incurable disease', E: 'narcolepsy',
        F: 'hormone deficiency in males, gynecologic condition that responds to anabolic steroids or chorionic gonadotropin, metastatic breast cancer in women, anemia, angioedema',
      },
      maxDays: 90, maxRefills: 1,
    },
  }),
  rule({
    id: 'ny-benzodiazepine-refills', kind: 'REFILLS_OF', jurisdiction: 'NY', schedules: ['CIV'], from: '2013-03-27', to: null, source: '10 NYCRR 80.67(a); N.Y. Pub. Health Law 3339(1)',
    parameters: {
      ingredients: [
        'alprazolam', 'bromazepam', 'camazepam', 'chlordiazepoxide', 'clobazam', 'clonazepam', 'clorazepate', 'clotiazepam', 'cloxazolam', 'delorazepam', 'diazepam', 'estazolam', 'ethyl loflazepate', 'fludiazepam',
        'flunitrazepam', 'flurazepam', 'halazepam', 'haloxazolam', 'ketazolam', 'loprazolam', 'lorazepam', 'lormetazepam', 'medazepam', 'midazolam', 'nimetazepam', 'nitrazepam', 'nordiazepam', 'oxazepam', 'oxazolam',
        'pinazepam', 'prazepam', 'quazepam', 'temazepam', 'tetrazepam', 'triazolam',
      ],
      max: 0,
    },
  }),

  rule({ id: 'us-cii-series', kind: 'SERIES', jurisdiction: 'US', schedules: ['CII'], from: '2007-12-19', to: null, source: '21 CFR 1306.12(b)', parameters: { maxDaysSupply: 90 } }),

  rule({ id: 'pharmacy-early-refill', kind: 'EARLY_REFILL', jurisdiction: 'PHARMACY', schedules: ['NONE'], from: firstRuledDay, to: null, source: 'Pharmacy policy: 80 % of the last supply used', parameters: { usedShare: 0.8 } }),
  rule({ id: 'pharmacy-early-refill-controlled', kind: 'EARLY_REFILL', jurisdiction: 'PHARMACY', schedules: controlled, from: firstRuledDay, to: null, source: 'Pharmacy policy: two days before the whole supply runs out', parameters: { daysBeforeRunOut: 2 } }),
  rule({ id: 'ny-early-refill', kind: 'EARLY_REFILL', jurisdiction: 'NY', schedules: controlled, from: statesFrom, to: null, source: 'N.Y. Pub. Health Law 3333(1), 3339(3)', parameters: { daysBeforeRunOut: 7 } }),

  rule({
    id: 'us-telemedicine-flexibility', kind: 'EVALUATION', jurisdiction: 'US', schedules: controlled, from: '2020-03-31', to: '2026-12-31',
    source: '21 CFR 1307.41; 90 FR 61301 (2025-12-31)', parameters: { bases: ['IN_PERSON', 'SPECIAL_REG', 'VA', 'BUPRENORPHINE', 'TELEMED_TEMP_RULE'] },
  }),
  rule({
    id: 'us-in-person-evaluation', kind: 'EVALUATION', jurisdiction: 'US', schedules: controlled, from: '2027-01-01', to: null,
    source: '21 USC 829(e); 21 CFR 1306.09', parameters: { bases: ['IN_PERSON', 'SPECIAL_REG', 'VA', 'BUPRENORPHINE'] },
  }),

  rule({ id: 'us-cii-partial-short-supply', kind: 'PARTIAL_FILL', jurisdiction: 'US', schedules: ['CII'], from: firstRuledDay, to: null, source: '21 CFR 1306.13(a)', parameters: { cause: 'SHORT_SUPPLY', hoursFromFirst: 72 } }),
  rule({ id: 'us-cii-partial-requested', kind: 'PARTIAL_FILL', jurisdiction: 'US', schedules: ['CII'], from: '2016-07-22', to: null, source: '21 USC 829(f) (CARA section 702); 21 CFR 1306.13(b)', parameters: { cause: 'REQUESTED', daysFromIssue: 30 } }),
  rule({ id: 'us-cii-partial-emergency', kind: 'PARTIAL_FILL', jurisdiction: 'US', schedules: ['CII'], from: '2016-07-22', to: null, source: '21 USC 829(f)(2)(B) (CARA section 702)', parameters: { cause: 'REQUESTED', hoursFromOralIssue: 72 } }),
  rule({ id: 'us-cii-partial-ltcf', kind: 'PARTIAL_FILL', jurisdiction: 'US', schedules: ['CII'], from: firstRuledDay, to: null, source: '21 CFR 1306.13(c)', parameters: { cause: 'LONG_TERM_CARE_OR_TERMINAL', daysFromIssue: 60 } }),
  rule({ id: 'us-ciii-cv-partial', kind: 'PARTIAL_FILL', jurisdiction: 'US', schedules: ['CIII', 'CIV', 'CV'], from: firstRuledDay, to: null, source: '21 CFR 1306.23', parameters: { cause: 'ANY', untilLastDay: true } }),
  rule({ id: 'pharmacy-partial', kind: 'PARTIAL_FILL', jurisdiction: 'PHARMACY', schedules: ['NONE'], from: firstRuledDay, to: null, source: 'Pharmacy policy: the rest while the prescription lasts', parameters: { cause: 'ANY', untilLastDay: true } }),

  rule({ id: 'us-transfer-refills', kind: 'TRANSFER', jurisdiction: 'US', schedules: ['CIII', 'CIV', 'CV'], from: firstRuledDay, to: null, source: '21 CFR 1306.25', parameters: { of: 'REFILLS', times: 1, timesShared: 5, electronicOnly: false } }),
  rule({ id: 'us-transfer-initial', kind: 'TRANSFER', jurisdiction: 'US', schedules: controlled, from: '2023-08-28', to: null, source: '21 CFR 1306.08(e)-(i); 88 FR 48365', parameters: { of: 'INITIAL_FILL', times: 1, timesShared: 1, electronicOnly: true } }),

  rule({
    id: 'us-elements', kind: 'ELEMENTS', jurisdiction: 'US', schedules: controlled, from: firstRuledDay, to: null, source: '21 CFR 1306.05(a)',
    parameters: { required: ['patient', 'drug', "days' supply", 'prescriber', 'DEA number', 'schedule authority'] },
  }),
  rule({ id: 'pharmacy-elements', kind: 'ELEMENTS', jurisdiction: 'PHARMACY', schedules: ['NONE'], from: firstRuledDay, to: null, source: 'Pharmacy policy after common state law', parameters: { required: ['patient', 'drug', "days' supply", 'prescriber'] } }),
  rule({ id: 'us-cii-emergency-oral', kind: 'EMERGENCY_ORAL', jurisdiction: 'US', schedules: ['CII'], from: firstRuledDay, to: null, source: '21 CFR 1306.11(d)', parameters: { followUpDays: 7, postmarkCounts: true, tell: 'DEA' } }),
  rule({
    id: 'ca-cii-emergency-oral', kind: 'EMERGENCY_ORAL', jurisdiction: 'CA', schedules: ['CII'], from: '2013-01-01', to: null, source: 'Cal. Health & Safety Code 11167(c), (d)',
    parameters: { followUpDays: 7, postmarkCounts: true, tell: 'CA_DOJ', tellWithin: { hours: 144, from: 'FAILURE' } },
  }),
  rule({
    id: 'ny-cii-emergency-oral', kind: 'EMERGENCY_ORAL', jurisdiction: 'NY', schedules: ['CII'], from: statesFrom, to: null, source: '10 NYCRR 80.68(c)',
    parameters: { followUpHours: 72, postmarkCounts: false, tell: 'NY_DOH', tellWithin: { hours: 168, from: 'DISPENSING' } },
  }),
  rule({ id: 'pharmacy-cii-emergency-supply', kind: 'EMERGENCY_SUPPLY', jurisdiction: 'PHARMACY', schedules: ['CII'], from: firstRuledDay, to: null, source: 'Pharmacy policy: 21 CFR 1306.11(d)(1) limits it to the emergency period and names no days', parameters: { maxDays: 3 } }),
  rule({ id: 'fl-cii-emergency-supply', kind: 'EMERGENCY_SUPPLY', jurisdiction: 'FL', schedules: ['CII'], from: statesFrom, to: null, source: 'Fla. Stat. 893.04(1)(f): a 72-hour supply', parameters: { maxDays: 3 } }),
  rule({ id: 'ny-cii-emergency-supply', kind: 'EMERGENCY_SUPPLY', jurisdiction: 'NY', schedules: ['CII'], from: statesFrom, to: null, source: '10 NYCRR 80.68(b)', parameters: { maxDays: 5 } }),
  rule({ id: 'pharmacy-cii-emergency-record', kind: 'EMERGENCY_RECORD', jurisdiction: 'PHARMACY', schedules: ['CII'], from: firstRuledDay, to: null, source: 'Pharmacy policy: "immediately" of 21 CFR 1306.11(d)(2)', parameters: { withinHours: 1 } }),
  rule({ id: 'pharmacy-cii-emergency-validity', kind: 'EMERGENCY_VALIDITY', jurisdiction: 'PHARMACY', schedules: ['CII'], from: firstRuledDay, to: null, source: 'Pharmacy policy: an emergency is over after three days, as 21 USC 829(f)(2)(B) takes it', parameters: { days: 3 } }),
  rule({ id: 'us-altered-void', kind: 'INTEGRITY', jurisdiction: 'US', schedules: controlled, from: '2010-06-01', to: null, source: '21 CFR 1306.08(d)', parameters: { alteredIsVoid: true } }),
  rule({
    id: 'pharmacy-controlled-origin', kind: 'ORIGIN', jurisdiction: 'PHARMACY', schedules: controlled, from: firstRuledDay, to: null,
    source: 'Pharmacy policy: a picture is neither the signed paper nor an electronic prescription of 21 CFR 1311', parameters: { sources: ['NCPDP_SCRIPT', 'FHIR', 'PORTAL', 'ORAL'] },
  }),
  rule({ id: 'us-epcs-signing', kind: 'SIGNING', jurisdiction: 'US', schedules: controlled, from: '2010-06-01', to: null, source: '21 CFR 1311.115, 1311.140; five minutes are pharmacy policy', parameters: { factors: 2, maxAgeSeconds: 300 } }),
  rule({
    id: 'us-pharmacy-application', kind: 'APPLICATION', jurisdiction: 'US', schedules: controlled, from: '2010-06-01', to: null,
    source: '21 CFR 1311.205, 1311.210, 1311.215', parameters: { signOnReceipt: true, clockWithinMinutes: 5, incidentBusinessDays: 1 },
  }),
  rule({ id: 'us-records', kind: 'RECORDS', jurisdiction: 'US', schedules: controlled, from: firstRuledDay, to: null, source: '21 CFR 1304.04, 1311.305', parameters: { years: 2 } }),
  rule({ id: 'ny-records', kind: 'RECORDS', jurisdiction: 'NY', schedules: controlled, from: statesFrom, to: null, source: 'N.Y. Pub. Health Law 3370(1); 10 NYCRR 80.100(a)', parameters: { years: 5 } }),
  rule({ id: 'us-loss', kind: 'LOSS', jurisdiction: 'US', schedules: controlled, from: '2023-07-24', to: null, source: '21 CFR 1301.76(b); 88 FR 40707', parameters: { noticeBusinessDays: 1, reportDays: 45 } }),
  rule({ id: 'us-cii-stock-count', kind: 'STOCK_COUNT', jurisdiction: 'US', schedules: ['CII'], from: firstRuledDay, to: null, source: '21 CFR 1304.11(c), (e)', parameters: { everyYears: 2, exact: true } }),
  rule({ id: 'us-ciii-cv-stock-count', kind: 'STOCK_COUNT', jurisdiction: 'US', schedules: ['CIII', 'CIV', 'CV'], from: firstRuledDay, to: null, source: '21 CFR 1304.11(c), (e)', parameters: { everyYears: 2, estimateUpToUnits: 1000 } }),
  rule({ id: 'us-online-monthly-report', kind: 'MONTHLY_REPORT', jurisdiction: 'US', schedules: controlled, from: '2009-04-13', to: null, source: '21 CFR 1304.55', parameters: { prescriptions: 100, dosageUnits: 5000, dueDay: 15 } }),
  rule({ id: 'us-corresponding-responsibility', kind: 'RESPONSIBILITY', jurisdiction: 'US', schedules: controlled, from: firstRuledDay, to: null, source: '21 CFR 1306.04(a)', parameters: { reasonRequired: true } }),

  rule({ id: 'fl-pdmp-query', kind: 'PDMP_QUERY', jurisdiction: 'FL', schedules: ['CII', 'CIII', 'CIV'], from: '2018-07-01', to: null, source: 'Fla. Stat. 893.055(8)', parameters: { withinDays: 1 } }),
  rule({
    id: 'tx-pdmp-query', kind: 'PDMP_QUERY', jurisdiction: 'TX', schedules: controlled, from: '2020-03-01', to: null,
    source: 'Tex. Health & Safety Code 481.0764(a), asked for every controlled drug as (b) permits', parameters: { withinDays: 1 },
  }),
  rule({ id: 'ca-pdmp-report', kind: 'PDMP_REPORT', jurisdiction: 'CA', schedules: controlled, from: '2021-01-01', to: null, source: 'Cal. Health & Safety Code 11165(d) (AB 528 of 2019)', parameters: { businessDays: 1 } }),
  rule({ id: 'fl-pdmp-report', kind: 'PDMP_REPORT', jurisdiction: 'FL', schedules: controlled, from: '2018-07-01', to: null, source: 'Fla. Stat. 893.055(3)(a)', parameters: { businessDays: 1 } }),
  rule({ id: 'ia-pdmp-report', kind: 'PDMP_REPORT', jurisdiction: 'IA', schedules: controlled, from: '2019-05-15', to: null, source: 'Iowa Admin. Code 657-37.12(2), (4)', parameters: { businessDays: 1, zeroReports: true } }),
  rule({ id: 'ny-pdmp-report', kind: 'PDMP_REPORT', jurisdiction: 'NY', schedules: controlled, from: statesFrom, to: null, source: 'N.Y. Pub. Health Law 3343-a(1)(a): on a real time basis', parameters: { businessDays: 0 } }),
  rule({ id: 'pa-pdmp-report', kind: 'PDMP_REPORT', jurisdiction: 'PA', schedules: controlled, from: statesFrom, to: null, source: 'Pa. Act 191 of 2014', parameters: { businessDays: 1 } }),
  rule({ id: 'pharmacy-pdmp-report', kind: 'PDMP_REPORT', jurisdiction: 'PHARMACY', schedules: controlled, from: firstRuledDay, to: null, source: 'Pharmacy policy: every controlled dispensing is reported where it goes', parameters: { businessDays: 1 } }),
  rule({
    id: 'pharmacy-controlled-delivery', kind: 'DELIVERY', jurisdiction: 'PHARMACY', schedules: controlled, from: firstRuledDay, to: null,
    source: 'Pharmacy policy: federal law asks no signature at delivery', parameters: { adultSignature: true, safePlace: false, orAboveMinor: 50_000 },
  }),
  rule({ id: 'pharmacy-verification', kind: 'VERIFICATION', jurisdiction: 'PHARMACY', schedules: all, from: firstRuledDay, to: null, source: 'Pharmacy policy: a pharmacist verifies each prescription', parameters: { by: 'PHARMACIST' } }),
  rule({ id: 'pharmacy-consent', kind: 'CONSENT', jurisdiction: 'PHARMACY', schedules: all, from: firstRuledDay, to: null, source: 'Pharmacy policy, as 45 CFR 164.506(b) permits', parameters: { purpose: 'DISPENSING' } }),
  rule({ id: 'pharmacy-one-fill-at-once', kind: 'FILLS_AT_ONCE', jurisdiction: 'PHARMACY', schedules: all, from: firstRuledDay, to: null, source: 'Pharmacy policy: one fill of a prescription at a time', parameters: { max: 1 } }),
]

/** The rows of a kind that hold for a schedule on a day, in a state (two letters) where one is known. */
export const rulesAt = <Kind extends RuleKind>(kind: Kind, schedule: DeaSchedule, day: string, state?: string | null): Rule<Kind>[] =>
  (rules as readonly Rule[]).filter(
    (row): row is Rule<Kind> =>
      row.kind === kind && row.schedules.includes(schedule) && row.from <= day && (row.to === null || day <= row.to) &&
      (row.jurisdiction === 'US' || row.jurisdiction === 'PHARMACY' || row.jurisdiction === state),
  )
