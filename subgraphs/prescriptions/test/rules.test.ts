import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { addDays, addMonths, clock, type Actor, type AppError } from '@pharmagraph/platform'
import type { DeaSchedule } from '../src/entities/prescription.ts'
import { matchKeyOf, matchTokens, readDrugText } from '../src/matching.ts'
import { refillDue, refusalOfFill, refusalOfIssue, refusalOfSeries, runOut, validity, type Fillable, type Issued } from '../src/regulations/decisions.ts'
import { mustHaveSecondFactor } from '../src/refusals.ts'
import { partialFillDeadline, refusalOfPartial } from '../src/regulations/partial-fill.ts'
import { rules, rulesAt } from '../src/regulations/rules.ts'
import { checkOverride } from '../src/screening/codes.ts'
import { findingsBetween, type Knowledge, type ScreenedDrug } from '../src/screening/findings.ts'

const schedules: DeaSchedule[] = ['NONE', 'CI', 'CII', 'CIII', 'CIV', 'CV']
const day = fc.integer({ min: 0, max: 20_000 }).map((n) => addDays('2000-01-01', n))
const schedule = fc.constantFrom(...schedules)
const issued = (about: Partial<Issued> = {}): Issued => ({ schedule: 'NONE', issueDate: '2026-11-22', refills: 0, evaluationBasis: 'IN_PERSON', ...about })
const fillable = (about: Partial<Fillable> = {}): Fillable => {
  const { lastDay, rule } = validity(about.schedule ?? 'NONE', about.issueDate ?? '2026-11-22')
  return { ...issued(about), earliestFillDate: null, expiryDate: lastDay, expiryRule: rule.id, fillsReleased: 0, fills: [], ...about }
}

test('schedule I is never dispensed, schedule II has no refills, III and IV at most five, V and others what is authorised', () => {
  const code = (about: Partial<Issued>) => refusalOfIssue(issued(about), '2026-11-22')?.code
  assert.equal(code({ schedule: 'CI' }), 'CI_NOT_DISPENSABLE')
  assert.equal(code({ schedule: 'CII', refills: 1 }), 'CII_NO_REFILLS')
  assert.equal(code({ schedule: 'CII' }), undefined)
  for (const controlled of ['CIII', 'CIV'] as const) {
    assert.equal(code({ schedule: controlled, refills: 5 }), undefined)
    assert.equal(code({ schedule: controlled, refills: 6 }), 'TOO_MANY_REFILLS')
  }
  for (const other of ['CV', 'NONE'] as const) assert.equal(code({ schedule: other, refills: 11 }), undefined)
})

test('a schedule III or IV prescription of 31 August ends on the last day of February, leap year or not', () => {
  assert.equal(validity('CIV', '2026-08-31').lastDay, '2027-02-28')
  assert.equal(validity('CIII', '2027-08-31').lastDay, '2028-02-29')
  assert.equal(validity('NONE', '2028-02-29').lastDay, '2029-02-28')
})

test('a prescription may be filled on its last day and not on the next, whatever the schedule and the day of issue', () => {
  fc.assert(fc.property(day, fc.constantFrom<DeaSchedule>('NONE', 'CII', 'CIII', 'CIV', 'CV'), (issueDate, which) => {
    const prescription = fillable({ schedule: which, issueDate })
    const { lastDay } = validity(which, issueDate)
    assert.equal(refusalOfFill(prescription, lastDay), undefined)
    const refusal = refusalOfFill(prescription, addDays(lastDay, 1))
    assert.equal(refusal?.code, 'PRESCRIPTION_EXPIRED')
    assert.ok(refusal.source && refusal.nextEligibleAt === null)
  }))
})

test('the last day lies in the right month, is the same day of it or the last of a shorter one, and grows with the day of issue', () => {
  fc.assert(fc.property(day, fc.constantFrom<DeaSchedule>('CIII', 'CIV'), (issueDate, which) => {
    const { lastDay } = validity(which, issueDate)
    const months = (text: string) => Number(text.slice(0, 4)) * 12 + Number(text.slice(5, 7))
    assert.equal(months(lastDay) - months(issueDate), 6)
    assert.ok(lastDay.slice(8) === issueDate.slice(8) || (lastDay.slice(8) < issueDate.slice(8) && addDays(lastDay, 1).endsWith('-01')))
    assert.ok(validity(which, addDays(issueDate, 1)).lastDay >= lastDay)
    assert.equal(lastDay, addMonths(issueDate, 6))
  }))
})

test('for every schedule and day since the law began, exactly one rule or a stricter choice among several sets the last day', () => {
  fc.assert(fc.property(day, schedule, (issueDate, which) => {
    const set = rulesAt('VALIDITY', which, issueDate)
    assert.ok(set.length >= 1)
    assert.equal(validity(which, issueDate).lastDay, set.map(({ parameters }) => ('months' in parameters ? addMonths(issueDate, parameters.months) : addDays(issueDate, parameters.days))).sort()[0])
  }))
  assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length)
  for (const { source, from, to } of rules) assert.ok(source && (to === null || from <= to))
})

test('a controlled prescription by telemedicine alone is accepted until 2026-12-31 and explained away from 2027 on', () => {
  const write = (issueDate: string) => refusalOfIssue(issued({ schedule: 'CIV', issueDate, evaluationBasis: 'TELEMED_TEMP_RULE' }), issueDate)
  assert.equal(write('2026-12-30'), undefined)
  const refusal = write('2027-01-02')
  assert.equal(refusal?.code, 'EVALUATION_REQUIRED')
  assert.match(refusal.message, /21 USC 829\(e\)/)
  // what was written in time stays valid after the rule ended
  assert.equal(refusalOfFill(fillable({ schedule: 'CIV', issueDate: '2026-12-30', evaluationBasis: 'TELEMED_TEMP_RULE' }), '2027-01-02'), undefined)
  assert.equal(refusalOfIssue(issued({ issueDate: '2027-01-02', evaluationBasis: 'TELEMED_TEMP_RULE' }), '2027-01-02'), undefined)
})

test('a fill before the day the prescriber set is refused until that day', () => {
  const prescription = fillable({ schedule: 'CII', earliestFillDate: '2026-12-20' })
  assert.deepEqual([refusalOfFill(prescription, '2026-12-19')?.code, refusalOfFill(prescription, '2026-12-19')?.nextEligibleAt], ['TOO_EARLY_EARLIEST_FILL_DATE', '2026-12-20'])
  assert.equal(refusalOfFill(prescription, '2026-12-20'), undefined)
})

test('schedule II prescriptions of one day make a supply of ninety days at most', () => {
  const inTurn = (...days: number[]) => days.map((daysSupply, turn) => ({ daysSupply, earliestFillDate: turn ? '2026-12-22' : null }))
  assert.equal(refusalOfSeries('CII', '2026-11-22', inTurn(30, 30, 30)), undefined)
  assert.equal(refusalOfSeries('CII', '2026-11-22', inTurn(30, 30, 31))?.code, 'CII_SERIES_TOO_LONG')
  assert.equal(refusalOfSeries('CII', '2026-11-22', inTurn(120)), undefined)
  assert.equal(refusalOfSeries('CIV', '2026-11-22', inTurn(90, 90)), undefined)
})

test('a refill is refused the day before it is due, named with that day, and allowed on it', () => {
  const fills = [{ day: '2026-11-22', daysSupply: 30 }]
  for (const [which, due] of [['NONE', '2026-12-16'], ['CIV', '2026-12-20']] as const) {
    const prescription = fillable({ schedule: which, refills: 3, fillsReleased: 1, fills })
    assert.equal(refillDue(which, fills, '2026-12-01')?.day, due)
    const refusal = refusalOfFill(prescription, addDays(due, -1))
    assert.deepEqual([refusal?.code, refusal?.nextEligibleAt], ['REFILL_TOO_EARLY', due])
    assert.equal(refusalOfFill(prescription, due), undefined)
  }
  assert.equal(refusalOfFill(fillable({ refills: 1, fillsReleased: 2, fills }), '2027-03-01')?.code, 'NO_REFILLS_LEFT')
})

const episode = fc.array(fc.record({ gap: fc.integer({ min: 0, max: 60 }), daysSupply: fc.integer({ min: 1, max: 90 }) }), { minLength: 1, maxLength: 8 }).map((fills) => {
  let at = '2026-01-01'
  return fills.map(({ gap, daysSupply }) => ({ day: (at = addDays(at, gap)), daysSupply }))
})

test('early days of a controlled substance do not add up: supply never ends before what was dispensed would last', () => {
  fc.assert(fc.property(episode, (fills) => {
    const total = fills.reduce((sum, { daysSupply }) => sum + daysSupply, 0)
    assert.ok(runOut(fills) >= addDays(fills[0]!.day, total))
    assert.ok(runOut(fills) >= addDays(fills.at(-1)!.day, fills.at(-1)!.daysSupply))
  }))
  fc.assert(fc.property(episode, (fills) => {
    // whoever always refills on the first possible day gets at most two days of supply ahead
    const refilled: { day: string; daysSupply: number }[] = []
    for (const { daysSupply } of fills) refilled.push({ day: refillDue('CIV', refilled, '2026-06-01')?.day ?? '2026-01-01', daysSupply })
    const last = refilled.at(-1)!
    const daysAhead = (Date.parse(runOut(refilled.slice(0, -1)) || last.day) - Date.parse(last.day)) / 86_400_000
    assert.ok(daysAhead <= 2, `${daysAhead} days ahead`)
  }))
})

test('the order in which past fills are named makes no difference', () => {
  fc.assert(fc.property(episode, schedule, (fills, which) => {
    assert.equal(refillDue(which, [...fills].reverse(), '2026-06-01')?.day, refillDue(which, fills, '2026-06-01')?.day)
  }))
})

test('the hashes of a person do not depend on case, accents, hyphens, or how a telephone number is written', () => {
  const key = Buffer.alloc(32, 3)
  const plain = { family: "O'Brien Nunez", given: 'Maria', dateOfBirth: '1980-01-02', phone: '4155550123', email: 'm@example.test', address: { postalCode: '94110' } }
  const other = { family: 'OBRIEN-NÚÑEZ', given: 'maría', dateOfBirth: '1980-01-02', phone: '+1 (415) 555-0123', email: ' M@Example.test', address: { postalCode: '94110-1234' } }
  assert.deepEqual(matchTokens(key, plain), matchTokens(key, other))
  assert.deepEqual(matchTokens(key, plain).map(({ kind }) => kind).sort(), ['DOB_POSTCODE', 'EMAIL', 'NAME_DOB', 'NAME_POSTCODE', 'PHONE'])
  assert.notDeepEqual(matchTokens(Buffer.alloc(32, 4), plain), matchTokens(key, plain))
  assert.deepEqual(matchTokens(key, { phone: '555-0123' }), [])
})

test('a drug written as RxNorm writes it is read into name, strength and form; a coat is no difference, release is', () => {
  assert.deepEqual(readDrugText('Fluconazole 100 MG Oral Tablet'), { name: 'Fluconazole', strength: '100 MG', form: 'Oral Tablet' })
  assert.equal(readDrugText('Fluconazole'), undefined)
  assert.equal(matchKeyOf('Metformin', '1,000 mg', 'Oral Tablet'), matchKeyOf('metformin', '1000 MG', 'TABLET, FILM COATED'))
  assert.notEqual(matchKeyOf('metformin', '500 mg', 'TABLET'), matchKeyOf('metformin', '500 mg', 'TABLET, EXTENDED RELEASE'))
  assert.equal(matchKeyOf('levothyroxine', '50 mcg', 'tablet'), matchKeyOf('levothyroxine', '50 ug', 'TABLET'))
})

const drug = (name: string, pharmacologicClass: string | null = null): ScreenedDrug => ({ drugId: name, genericName: name, ingredients: name.split('+').map((part) => ({ rxcui: null, name: part, strength: '1 mg' })), pharmacologicClass })
const knows = (a: string[], b: string[]): Knowledge => ({ interactionId: `${a}-${b}`, knowledgeVersion: '1', aMembers: a, bMembers: b, severity: 'MAJOR', effect: 'harm', management: 'avoid', evidence: 'label' })

test('an interaction is found in either order, in combinations too, and never of an ingredient with itself', () => {
  const names = ['warfarin', 'fluconazole', 'lisinopril', 'amiodarone']
  fc.assert(fc.property(fc.subarray(names, { minLength: 1 }), fc.subarray(names, { minLength: 1 }), fc.subarray(names), fc.subarray(names), (one, other, a, b) => {
    const found = (x: string[], y: string[], k = knows(a, b)) => findingsBetween(drug(x.join('+')), drug(y.join('+')), [k]).filter(({ reasonCode }) => reasonCode === 'DD').length
    const expected = one.some((x) => other.some((y) => x !== y && ((a.includes(x) && b.includes(y)) || (a.includes(y) && b.includes(x)))))
    assert.equal(found(one, other), expected ? 1 : 0)
    assert.equal(found(other, one), found(one, other))
    assert.equal(found(one, other, knows(b, a)), found(one, other))
  }))
})

test('the same ingredient twice is a major duplicate, the same class a moderate one, and unrelated drugs are none', () => {
  const severity = (one: ScreenedDrug, other: ScreenedDrug) => findingsBetween(one, other, []).map((finding) => [finding.reasonCode, finding.severity])
  assert.deepEqual(severity(drug('losartan+hydrochlorothiazide'), drug('losartan')), [['TD', 'MAJOR']])
  assert.deepEqual(severity(drug('atorvastatin', 'Statin'), drug('rosuvastatin', 'Other; Statin')), [['TD', 'MODERATE']])
  assert.deepEqual(severity(drug('atorvastatin', 'Statin'), drug('metformin', 'Biguanide')), [])
})

test('an override needs known codes that let the prescription go on; a contraindication needs the prescriber', () => {
  const answer = (severity: 'MAJOR' | 'CONTRAINDICATED', professionalService: string, result: string, text = 'discussed') => {
    try {
      checkOverride(severity, { professionalService, result, text })
      return 'accepted'
    } catch (error) {
      return (error as { details: { field: string } }).details.field
    }
  }
  assert.equal(answer('MAJOR', 'P0', '1B'), 'accepted')
  assert.equal(answer('MAJOR', 'X9', '1B'), 'professionalService')
  assert.equal(answer('MAJOR', 'M0', '9Z'), 'result')
  assert.equal(answer('MAJOR', 'M0', '2A'), 'result')
  assert.equal(answer('MAJOR', 'M0', '1G', ' '), 'text')
  assert.equal(answer('CONTRAINDICATED', 'P0', '1B'), 'result')
  assert.equal(answer('CONTRAINDICATED', 'M0', '1G'), 'accepted')
})

test('C7 C8 deadlines of parts are instants: 72 hours are 72 hours over a change of clocks, and a legal day ends at midnight where the pharmacy is', () => {
  const cii = fillable({ issueDate: '2026-10-01', schedule: 'CII' })
  const at = new Date('2026-10-30T23:30:00Z')
  const short = { cause: 'SHORT_SUPPLY' as const, firstAt: at }
  // clocks go back on 2026-11-01: three days later by the wall is 73 hours
  assert.equal(partialFillDeadline(cii, short, at)!.toISOString(), '2026-11-02T23:30:00.000Z')
  const rest = (when: string) => refusalOfPartial(cii, { ...short, prescribed: 30, dispensed: [10], quantity: 20 }, new Date(when))?.code
  assert.deepEqual([rest('2026-11-02T23:30:00.000Z'), rest('2026-11-02T23:30:00.001Z')], [undefined, 'PARTIAL_FILL_TOO_LATE'])
  // thirty days from writing: to the last instant of that day, in summer and in winter time
  for (const [issueDate, end] of [['2026-10-01', '2026-11-01T06:59:59.999Z'], ['2026-10-02', '2026-11-02T07:59:59.999Z'], ['2026-02-06', '2026-03-09T06:59:59.999Z'], ['2024-01-30', '2024-03-01T07:59:59.999Z']] as const) {
    const asked = { cause: 'REQUESTED' as const }
    assert.equal(partialFillDeadline(fillable({ issueDate, schedule: 'CII' }), asked, new Date(`${issueDate}T20:00:00Z`))!.toISOString(), end, issueDate)
  }
})

test('S54 the second factor of a controlled substance is good for three hundred seconds to the millisecond; without a time, or by password alone, it is none', (t) => {
  t.after(() => clock.reset())
  t.mock.timers.enable({ apis: ['Date'], now: Date.parse('2026-11-22T12:00:00Z') })
  const at = (seconds: number) => Math.floor(clock.now().getTime() / 1000) - seconds
  const refused = (schedule: DeaSchedule, about: Partial<Actor>): string => {
    try {
      mustHaveSecondFactor({ subject: 'nora', roles: ['pharmacist'], scopes: [], amr: ['pwd', 'otp'], ...about }, schedule)
      return 'passes'
    } catch (error) {
      return (error as AppError).code
    }
  }
  for (const schedule of ['CII', 'CIII', 'CIV', 'CV'] as const) {
    const authTime = at(300)
    assert.equal(refused(schedule, { authTime }), 'passes')
    t.mock.timers.tick(1)
    assert.equal(refused(schedule, { authTime }), 'STEP_UP_REQUIRED')
    assert.deepEqual([refused(schedule, {}), refused(schedule, { authTime: at(0), amr: ['pwd'] })], ['STEP_UP_REQUIRED', 'STEP_UP_REQUIRED'])
    t.mock.timers.tick(999)
  }
  assert.deepEqual([refused('NONE', { authTime: at(36_000) }), refused('NONE', { amr: ['pwd'] })], ['passes', 'STEP_UP_REQUIRED'])
})
