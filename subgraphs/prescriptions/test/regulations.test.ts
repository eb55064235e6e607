import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { addDays, clock } from '@pharmagraph/platform'
import type { DeaSchedule } from '../src/entities/prescription.ts'
import { originRefusal, refusalOfFill, refusalOfIssue, refusalOfSeries, refusalsOfFill, validity, type Circumstances, type Fillable } from '../src/regulations/decisions.ts'
import { explain } from '../src/regulations/explain.ts'
import { partialFillDeadline, refusalOfPartial } from '../src/regulations/partial-fill.ts'
import { monthlyReport, pdmpQueryRule, pdmpReportDue } from '../src/regulations/reporting.ts'
import { ruledStates, rules, rulesAt } from '../src/regulations/rules.ts'
import { maySubstitute, type Product } from '../src/regulations/substitution.ts'
import { refusalOfTransfer, transferRule } from '../src/regulations/transfer.ts'

const fillable = (about: Partial<Fillable> = {}): Fillable => {
  const whole = { schedule: 'NONE' as DeaSchedule, issueDate: '2026-11-22', refills: 0, evaluationBasis: 'IN_PERSON' as const, earliestFillDate: null, fillsReleased: 0, fills: [], daysSupply: 30, ...about }
  const { lastDay, rule } = validity(whole.schedule, whole.issueDate, whole)
  return { ...whole, expiryDate: lastDay, expiryRule: rule.id, ...about }
}
const issued = (schedule: DeaSchedule, refills: number, state?: string, daysSupply = 30) => refusalOfIssue(fillable({ schedule, refills, state, daysSupply }), '2026-11-22')
const noonUtc = (day: string) => new Date(`${day}T20:00:00Z`)

test('every row names its source and holds for some schedule and span; an id is used once', () => {
  assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length)
  for (const { id, source, schedules, from, to, jurisdiction } of rules) {
    assert.ok(source && schedules.length && (to === null || from <= to), id)
    assert.ok(jurisdiction === 'US' || jurisdiction === 'PHARMACY' ? true : ruledStates.includes(jurisdiction) && id.startsWith(jurisdiction.toLowerCase()), id)
  }
})

test('a refusal always says the rule, its source, what would change it, and when', () => {
  const schedule = fc.constantFrom<DeaSchedule>('NONE', 'CII', 'CIII', 'CIV', 'CV')
  const days = fc.integer({ min: -30, max: 500 })
  fc.assert(fc.property(schedule, days, fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 9 }), fc.constantFrom('TX', 'CA', 'IA', 'NY', 'FL', 'OH', undefined), (which, after, refills, fillsReleased, state) => {
    const fills = Array.from({ length: fillsReleased }, (_, n) => ({ day: addDays('2026-11-22', n * 25), daysSupply: 30 }))
    const prescription = fillable({ schedule: which, refills, fillsReleased, fills, state })
    const day = addDays('2026-11-22', Math.max(0, after))
    const { allowed, reasons, nextEligibleAt } = explain(prescription, day)
    assert.equal(allowed, refusalOfFill(prescription, day) === undefined)
    assert.equal(allowed, reasons.every(({ blocks }) => !blocks))
    for (const { code, message, rule, source, remedy } of reasons) assert.ok(code && message.includes(source) && rules.some(({ id }) => id === rule) && remedy, code)
    if (nextEligibleAt) {
      assert.ok(nextEligibleAt > day && !allowed)
      assert.deepEqual(refusalsOfFill(prescription, nextEligibleAt), [])
    }
  }))
})

test('C1 schedule I is never dispensable, by the Controlled Substances Act', () => {
  const refusal = refusalOfIssue({ schedule: 'CI', issueDate: '2026-11-22', refills: 0, evaluationBasis: 'IN_PERSON' }, '2026-11-22')
  assert.deepEqual([refusal?.code, refusal?.rule, refusal?.nextEligibleAt], ['CI_NOT_DISPENSABLE', 'us-ci', null])
})

test('C2 schedule II with any refill is refused, citing 21 CFR 1306.12(a)', () => {
  assert.deepEqual([issued('CII', 1)?.code, issued('CII', 1)?.source], ['CII_NO_REFILLS', '21 CFR 1306.12(a)'])
  assert.equal(issued('CII', 0), undefined)
})

test('C3 several schedule II prescriptions of a day make ninety days at most, and each waits for its earliest fill date', () => {
  const one = (daysSupply: number, earliestFillDate: string | null = '2026-12-22') => ({ daysSupply, earliestFillDate })
  assert.deepEqual([refusalOfSeries('CII', '2026-11-22', [one(30, null), one(30), one(31)])].map((no) => [no?.code, no?.rule]), [['CII_SERIES_TOO_LONG', 'us-cii-series']])
  assert.deepEqual([refusalOfSeries('CII', '2026-11-22', [one(30, null), one(30, null)])].map((no) => [no?.code, no?.rule]), [['CII_SERIES_WITHOUT_DAY', 'us-cii-series']])
  // each may wait, the first as well
  assert.equal(refusalOfSeries('CII', '2026-11-22', [one(30), one(30), one(30)]), undefined)
  const second = fillable({ schedule: 'CII', earliestFillDate: '2026-12-22' })
  const { allowed, nextEligibleAt, reasons } = explain(second, '2026-12-21')
  assert.deepEqual([allowed, nextEligibleAt, reasons[0]?.code, reasons[0]?.changesOn], [false, '2026-12-22', 'TOO_EARLY_EARLIEST_FILL_DATE', '2026-12-22'])
  assert.equal(explain(second, '2026-12-22').allowed, true)
})

test('C4 schedules III and IV end six calendar months after issue and have five refills at most', () => {
  for (const schedule of ['CIII', 'CIV'] as const) {
    assert.equal(validity(schedule, '2026-08-31').lastDay, '2027-02-28')
    assert.equal(issued(schedule, 5), undefined)
    assert.deepEqual([issued(schedule, 6)?.code, issued(schedule, 6)?.source], ['TOO_MANY_REFILLS', '21 CFR 1306.22(a)'])
  }
})

test('C5 schedule V goes by what is authorised, except in Iowa, South Carolina and Florida, which treat it like III and IV', () => {
  assert.equal(issued('CV', 11), undefined)
  assert.equal(issued('CV', 11, 'OH'), undefined)
  for (const [state, source] of [['IA', 'Iowa Admin. Code 657-10.28'], ['SC', 'S.C. Code 44-53-360(b)'], ['FL', 'Fla. Stat. 893.04(1)(g)']] as const) {
    assert.deepEqual([issued('CV', 6, state)?.code, issued('CV', 6, state)?.source], ['TOO_MANY_REFILLS', source])
    assert.equal(validity('CV', '2026-11-22', { state }).lastDay, '2027-05-22')
  }
  assert.equal(validity('CV', '2026-11-22').lastDay, '2027-11-22')
})

test('C7 the rest of schedule II in short supply follows within 72 hours of the first part', () => {
  const prescription = fillable({ schedule: 'CII' })
  const firstAt = noonUtc('2026-11-22')
  const part = (hours: number) => refusalOfPartial(prescription, { cause: 'SHORT_SUPPLY', prescribed: 30, dispensed: [10], firstAt, quantity: 20 }, new Date(firstAt.getTime() + hours * 3_600_000))
  assert.equal(part(72), undefined)
  assert.deepEqual([part(72.01)?.code, part(72.01)?.source, part(72.01)?.remedy], ['PARTIAL_FILL_TOO_LATE', '21 CFR 1306.13(a)', 'A new prescription for the rest'])
})

test('C8 a part asked for by patient or prescriber: all of it within thirty days of writing, never more than prescribed, 72 hours after an emergency', () => {
  const prescription = fillable({ schedule: 'CII' })
  const part = (day: string, quantity = 20) => refusalOfPartial(prescription, { cause: 'REQUESTED', prescribed: 30, dispensed: [10], quantity }, noonUtc(day))?.code
  assert.equal(part('2026-12-22'), undefined)
  assert.equal(part('2026-12-23'), 'PARTIAL_FILL_TOO_LATE')
  assert.equal(part('2026-11-23', 21), 'PARTIAL_FILL_TOO_MUCH')
  const oral = fillable({ schedule: 'CII', oralAuthorisedAt: noonUtc('2026-11-22') })
  assert.deepEqual(partialFillDeadline(oral, { cause: 'REQUESTED' }, noonUtc('2026-11-22')), noonUtc('2026-11-25'))
  assert.equal(refusalOfPartial(oral, { cause: 'REQUESTED', prescribed: 30, dispensed: [10], quantity: 20 }, new Date(noonUtc('2026-11-25').getTime() + 1))?.rule, 'us-cii-partial-emergency')
  // short supply has its own 72 hours, from the first part
  assert.equal(refusalOfPartial(oral, { cause: 'SHORT_SUPPLY', prescribed: 30, dispensed: [10], quantity: 20, firstAt: noonUtc('2026-11-24') }, noonUtc('2026-11-26')), undefined)
  // a stricter state ends it earlier still
  assert.equal(clock.dayOf(partialFillDeadline(fillable({ schedule: 'CII', issueDate: '2026-11-22', state: 'TX' }), { cause: 'LONG_TERM_CARE_OR_TERMINAL' }, noonUtc('2026-11-22'))!), '2026-12-22')
})

test('C9 for a resident of long-term care or a terminally ill patient, parts go on for sixty days', () => {
  const part = (day: string) => refusalOfPartial(fillable({ schedule: 'CII' }), { cause: 'LONG_TERM_CARE_OR_TERMINAL', prescribed: 30, dispensed: [10], quantity: 10 }, noonUtc(day))?.code
  assert.deepEqual([part('2027-01-21'), part('2027-01-22')], [undefined, 'PARTIAL_FILL_TOO_LATE'])
})

test('C10 parts of schedules III to V go on while the prescription lasts, and make no more than was prescribed', () => {
  for (const schedule of ['CIII', 'CIV'] as const) {
    const part = (day: string, quantity: number) => refusalOfPartial(fillable({ schedule, refills: 5 }), { cause: 'ANY', prescribed: 30, dispensed: [10, 10], quantity }, noonUtc(day))?.code
    assert.deepEqual([part('2027-05-22', 10), part('2027-05-23', 10), part('2026-11-23', 11)], [undefined, 'PARTIAL_FILL_TOO_LATE', 'PARTIAL_FILL_TOO_MUCH'])
  }
  assert.equal(refusalOfPartial(fillable({ schedule: 'CII' }), { cause: 'ANY', prescribed: 30, dispensed: [], quantity: 10 }, noonUtc('2026-11-22'))?.code, 'PARTIAL_FILL_CAUSE')
})

const transfer = (about: Partial<Fillable>, more: Partial<Parameters<typeof refusalOfTransfer>[1]> = {}, day = '2026-12-01') =>
  refusalOfTransfer(fillable(about), { transfers: 0, electronic: true, askedByPatient: true, ...more }, day)?.code

test('C11 refills of III to V go to another pharmacy once, or as often as there are refills where both share a database', () => {
  const filled = { schedule: 'CIV' as const, refills: 5, fillsReleased: 1, fills: [{ day: '2026-11-22', daysSupply: 30 }] }
  assert.equal(transferRule(fillable(filled), '2026-12-01')?.source, '21 CFR 1306.25')
  assert.equal(transfer(filled, { electronic: false, askedByPatient: false }), undefined)
  assert.equal(transfer(filled, { transfers: 1 }), 'ALREADY_TRANSFERRED')
  assert.equal(transfer(filled, { transfers: 4, sharedDatabase: true }), undefined)
  assert.equal(transfer({ ...filled, fillsReleased: 6 }), 'NO_REFILLS_LEFT')
  assert.equal(transfer(filled, {}, '2027-05-23'), 'PRESCRIPTION_EXPIRED')
  assert.equal(transfer({ schedule: 'NONE', refills: 1 }, { transfers: 7, electronic: false, askedByPatient: false }), undefined)
})

test('C12 an unfilled electronic prescription of II to V goes on once, at the patient’s wish, from 2023-08-28 on', () => {
  for (const schedule of ['CII', 'CIII', 'CIV', 'CV'] as const) {
    assert.equal(transfer({ schedule }), undefined)
    assert.equal(transfer({ schedule }, { electronic: false }), 'NOT_ELECTRONIC')
    assert.equal(transfer({ schedule }, { askedByPatient: false }), 'NOT_ASKED_BY_PATIENT')
    assert.equal(transfer({ schedule }, { transfers: 1 }), 'ALREADY_TRANSFERRED')
  }
  assert.equal(transfer({ schedule: 'CII', issueDate: '2023-08-01' }, {}, '2023-08-27'), 'NOT_TRANSFERABLE')
  assert.equal(transfer({ schedule: 'CII', issueDate: '2023-08-01' }, {}, '2023-08-28'), undefined)
})

test('C15 an emergency oral schedule II prescription is followed by a written or electronic one within seven days', () => {
  assert.deepEqual(rulesAt('EMERGENCY_ORAL', 'CII', '2026-11-22').map(({ parameters, source }) => ['followUpDays' in parameters && parameters.followUpDays, parameters.tell, source]), [[7, 'DEA', '21 CFR 1306.11(d)']])
  assert.deepEqual(rulesAt('EMERGENCY_ORAL', 'CIII', '2026-11-22'), [])
})

test('C18 a month at either limit is reported, one below both as negative, by the fifteenth of the next', () => {
  const report = (prescriptions: number, dosageUnits: number, month = '2026-11') => monthlyReport(month, { prescriptions, dosageUnits })
  assert.deepEqual([report(99, 4999).negative, report(100, 0).negative, report(0, 5000).negative], [true, false, false])
  assert.deepEqual([report(1, 1).dueDay, report(1, 1, '2026-12').dueDay, report(1, 1).source], ['2026-12-15', '2027-01-15', '21 CFR 1304.55'])
})

test('C19 the same telemedicine prescription is accepted on 2026-12-30 and refused on 2027-01-02, each with its rule', () => {
  const written = (issueDate: string) => refusalOfIssue(fillable({ schedule: 'CIV', issueDate, evaluationBasis: 'TELEMED_TEMP_RULE' }), issueDate)
  assert.equal(written('2026-12-30'), undefined)
  assert.deepEqual([written('2027-01-02')?.code, written('2027-01-02')?.rule], ['EVALUATION_REQUIRED', 'us-in-person-evaluation'])
  for (const evaluationBasis of ['IN_PERSON', 'SPECIAL_REG', 'VA', 'BUPRENORPHINE'] as const) {
    assert.equal(refusalOfIssue(fillable({ schedule: 'CIV', issueDate: '2027-01-02', evaluationBasis }), '2027-01-02'), undefined)
  }
})

test('C19 one telemedicine prescription asked for both days answers differently: the exception and its end, then that a renewal needs a visit', () => {
  const prescription = fillable({ schedule: 'CIV', issueDate: '2026-12-15', refills: 3, evaluationBasis: 'TELEMED_TEMP_RULE' })
  const ground = (day: string) => explain(prescription, day).reasons.filter(({ code }) => code !== 'VALID_UNTIL').map(({ code, rule, changesOn, blocks }) => [code, rule, changesOn, blocks])
  assert.deepEqual(ground('2026-12-30'), [['TELEMEDICINE_EXCEPTION', 'us-telemedicine-flexibility', '2027-01-01', false]])
  assert.deepEqual(ground('2027-01-02'), [['RENEWAL_NEEDS_EVALUATION', 'us-in-person-evaluation', null, false]])
  assert.deepEqual(explain(fillable({ schedule: 'CIV' }), '2026-12-30').reasons.map(({ code }) => code), ['VALID_UNTIL'])
})

test('C23 in Texas schedule II is void thirty days after issue or the earliest fill date; III to V after six months or five refills', () => {
  const texas = (schedule: DeaSchedule, more: Circumstances = {}) => validity(schedule, '2026-11-22', { state: 'TX', ...more })
  assert.deepEqual([texas('CII').lastDay, texas('CII').rule.source], ['2026-12-22', '22 TAC 315.3(a)(4), 315.5(b)(1) (46 TexReg 3521)'])
  assert.equal(texas('CII', { earliestFillDate: '2026-12-10' }).lastDay, '2027-01-09')
  for (const schedule of ['CIII', 'CIV', 'CV'] as const) {
    assert.equal(texas(schedule).lastDay, '2027-05-22')
    assert.equal(issued(schedule, 6, 'TX')?.code, 'TOO_MANY_REFILLS')
  }
  assert.equal(texas('NONE').lastDay, '2027-11-22')
  // written for Ohio, sent to Texas: the stricter of both
  assert.equal(refusalOfFill({ ...fillable({ schedule: 'CII' }), state: 'TX' }, '2026-12-23')?.rule, 'tx-cii-validity')
  // twenty-one days until the rule was amended
  assert.deepEqual(['2021-06-08', '2021-06-09'].map((day) => validity('CII', day, { state: 'TX' }).lastDay), ['2021-06-29', '2021-07-09'])
})

test('C23 in New York the first fill comes within thirty days of signing, thirty days at a time, and refills end after six months', () => {
  const newYork = (about: Partial<Fillable> = {}) => fillable({ schedule: 'CIV', refills: 5, state: 'NY', ...about })
  assert.equal(refusalOfFill(newYork(), '2026-12-22'), undefined)
  assert.deepEqual([refusalOfFill(newYork(), '2026-12-23')?.code, refusalOfFill(newYork(), '2026-12-23')?.source], ['FIRST_FILL_TOO_LATE', 'N.Y. Pub. Health Law 3333(1)'])
  const filled = { fillsReleased: 1, fills: [{ day: '2026-11-25', daysSupply: 30 }] }
  assert.equal(refusalOfFill(newYork(filled), '2026-12-23'), undefined)
  assert.equal(refusalOfFill(newYork(filled), '2027-05-23')?.code, 'PRESCRIPTION_EXPIRED')
  assert.equal(validity('CII', '2026-11-22', { state: 'NY' }).lastDay, '2026-12-22')
  assert.deepEqual([issued('CIV', 0, 'NY', 31)?.code, issued('CIV', 0, 'NY', 30), issued('NONE', 0, 'NY', 90)], ['FILL_SUPPLY_EXCEEDED', undefined, undefined])
  assert.equal(refusalOfFill(newYork({ daysSupply: 90 }), '2026-11-23')?.rule, 'ny-fill-supply')
})

test('C23 in New York ninety days at a time are permitted for a condition the prescriber names, then with one refill; a condition named changes nothing elsewhere', () => {
  const named = (refills: number, daysSupply: number, state = 'NY', schedule: DeaSchedule = 'CIV') => refusalOfIssue(fillable({ schedule, refills, state, daysSupply, conditionNamed: true }), '2026-11-22')
  assert.equal(issued('CIV', 0, 'NY', 31)?.rule, 'ny-fill-supply')
  assert.equal(named(1, 90), undefined)
  assert.equal(named(0, 90, 'NY', 'CII'), undefined)
  assert.deepEqual([named(0, 91)?.code, named(0, 91)?.rule], ['FILL_SUPPLY_EXCEEDED', 'ny-fill-supply-condition'])
  assert.deepEqual([named(2, 90)?.code, named(2, 90)?.rule], ['TOO_MANY_REFILLS', 'ny-fill-supply-condition'])
  // within thirty days the code is of no account
  assert.equal(named(5, 30), undefined)
  for (const state of ['CA', 'TX', 'FL']) assert.deepEqual(named(2, 90, state), issued('CIV', 2, state, 90))
})

test('C23 in New York a benzodiazepine has no refills, whatever its salt; other drugs of schedule IV have, and benzodiazepines elsewhere', () => {
  const of = (ingredient: string, state: string, refills = 1) => refusalOfIssue(fillable({ schedule: 'CIV', refills, state, ingredients: [ingredient] }), '2026-11-22')
  for (const name of ['lorazepam', 'Clorazepate dipotassium', 'chlordiazepoxide hydrochloride']) assert.deepEqual([of(name, 'NY')?.code, of(name, 'NY')?.rule], ['TOO_MANY_REFILLS', 'ny-benzodiazepine-refills'])
  assert.equal(of('lorazepam', 'NY', 0), undefined)
  assert.equal(of('zolpidem', 'NY'), undefined)
  assert.equal(of('lorazepam', 'CA'), undefined)
})

test('C23 where both hold, the stricter of state and federal rule wins, and an unknown state changes nothing', () => {
  fc.assert(fc.property(fc.constantFrom<DeaSchedule>('NONE', 'CII', 'CIII', 'CIV', 'CV'), fc.integer({ min: 0, max: 2000 }).map((n) => addDays('2022-01-01', n)), fc.constantFrom(...ruledStates), (schedule, day, state) => {
    assert.ok(validity(schedule, day, { state }).lastDay <= validity(schedule, day).lastDay)
    for (const unknown of ['OH', 'ZZ', null]) assert.deepEqual(validity(schedule, day, { state: unknown }), validity(schedule, day))
  }))
})

test('C23 in California the refills of III and IV make 120 days at most', () => {
  const fills = [0, 30, 60, 90, 120].map((n) => ({ day: addDays('2026-01-10', n), daysSupply: 30 }))
  const prescription = (state: string | null) => fillable({ schedule: 'CIV', issueDate: '2026-01-10', refills: 5, fillsReleased: 5, fills, state })
  assert.equal(refusalOfFill(prescription('CA'), '2026-06-08')?.code, 'REFILL_SUPPLY_EXCEEDED')
  assert.equal(refusalOfFill(prescription(null), '2026-06-08'), undefined)
})

test('C24 Florida wants its programme asked before II to IV; each controlled dispensing is told by the end of the next business day', () => {
  for (const schedule of ['CII', 'CIII', 'CIV'] as const) assert.equal(pdmpQueryRule(schedule, 'FL', '2026-11-22')?.source, 'Fla. Stat. 893.055(8)')
  for (const [schedule, state] of [['CV', 'FL'], ['NONE', 'FL'], ['CII', 'OH'], ['CII', null]] as const) assert.equal(pdmpQueryRule(schedule, state, '2026-11-22'), undefined)
  // Friday, and Saturday
  for (const day of ['2026-11-20', '2026-11-21']) assert.equal(pdmpReportDue('CII', 'PA', day)?.day, '2026-11-23')
  assert.equal(pdmpReportDue('CII', 'PA', '2026-11-23')?.rule.id, 'pa-pdmp-report')
  assert.equal(pdmpReportDue('NONE', 'PA', '2026-11-23'), undefined)
})

test('C24 Texas wants its programme asked before any controlled drug, Iowa hears of days without one, New York hears at once', () => {
  assert.equal(pdmpQueryRule('CV', 'TX', '2026-11-22')?.id, 'tx-pdmp-query')
  assert.equal(pdmpQueryRule('CV', 'TX', '2020-02-28'), undefined)
  assert.deepEqual(ruledStates.filter((state) => pdmpReportDue('CII', state, '2026-11-20')?.rule.parameters.zeroReports), ['IA'])
  assert.deepEqual(['NY', 'CA', 'FL'].map((state) => pdmpReportDue('CII', state, '2026-11-20')?.day), ['2026-11-20', '2026-11-23', '2026-11-23'])
})

test('C16 C17 C21 C22 signing, the application, losses and stock counts of controlled drugs each have their row', () => {
  for (const schedule of ['CII', 'CIII', 'CIV', 'CV'] as const) {
    assert.deepEqual(rulesAt('SIGNING', schedule, '2026-11-22').map(({ parameters }) => parameters), [{ factors: 2, maxAgeSeconds: 300 }])
    assert.deepEqual(rulesAt('APPLICATION', schedule, '2026-11-22').map(({ parameters }) => parameters), [{ signOnReceipt: true, clockWithinMinutes: 5, incidentBusinessDays: 1 }])
    assert.deepEqual(rulesAt('LOSS', schedule, '2026-11-22').map(({ parameters }) => parameters), [{ noticeBusinessDays: 1, reportDays: 45 }])
    assert.deepEqual(rulesAt('RECORDS', schedule, '2026-11-22', 'NY').map(({ parameters }) => parameters.years).sort(), [2, 5])
  }
  assert.deepEqual(rulesAt('STOCK_COUNT', 'CII', '2026-11-22').map(({ parameters }) => parameters), [{ everyYears: 2, exact: true }])
  assert.deepEqual(rulesAt('STOCK_COUNT', 'CIV', '2026-11-22').map(({ parameters }) => parameters), [{ everyYears: 2, estimateUpToUnits: 1000 }])
  for (const kind of ['SIGNING', 'APPLICATION', 'LOSS', 'STOCK_COUNT'] as const) assert.deepEqual(rulesAt(kind, 'NONE', '2026-11-22'), [])
})

test('a controlled drug on a picture is not verified, by the pharmacy’s own row', () => {
  for (const schedule of ['CII', 'CIII', 'CIV', 'CV'] as const) {
    assert.deepEqual([originRefusal(schedule, 'UPLOAD', '2026-11-22')?.code, originRefusal(schedule, 'UPLOAD', '2026-11-22')?.rule], ['CONTROLLED_BY_IMAGE', 'pharmacy-controlled-origin'])
    for (const source of ['NCPDP_SCRIPT', 'FHIR', 'PORTAL'] as const) assert.equal(originRefusal(schedule, source, '2026-11-22'), undefined)
  }
  assert.equal(originRefusal('NONE', 'UPLOAD', '2026-11-22'), undefined)
})

test('C25 an adult’s signature at delivery is the pharmacy’s own row, not a federal rule', () => {
  const [row, ...more] = rulesAt('DELIVERY', 'CII', '2026-11-22')
  assert.deepEqual([row?.jurisdiction, row?.parameters, more], ['PHARMACY', { adultSignature: true, safePlace: false, orAboveMinor: 50_000 }, []])
})

test('a generic takes the place of what was written when prescriber and law permit and the FDA rates it equivalent', () => {
  const product = (about: Partial<Product> = {}): Product => ({ ingredients: [{ name: 'warfarin', strength: '5 mg' }], dosageForm: 'TABLET', therapeuticEquivalence: 'AB', ...about })
  for (const daw of [0, 2, 3, 4, 5, 6, 8, 9]) assert.equal(maySubstitute(daw, product(), product()), true)
  for (const daw of [1, 7]) assert.equal(maySubstitute(daw, product(), product()), false)
  assert.equal(maySubstitute(0, product(), product({ therapeuticEquivalence: 'BX' })), false)
  assert.equal(maySubstitute(0, product(), product({ therapeuticEquivalence: null })), false)
  assert.equal(maySubstitute(0, product(), product({ ingredients: [{ name: 'warfarin', strength: '2 mg' }] })), false)
  assert.equal(maySubstitute(0, product(), product({ dosageForm: 'CAPSULE' })), false)
})
