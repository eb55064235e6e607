import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { clock } from '@pharmagraph/platform'
import { emergencyDuties, emergencyValidity, failedDuties, isMet, isSettled, refusalOfOral, tellBy, type OralOrder } from '../src/regulations/emergency.ts'
import { ruledStates } from '../src/regulations/rules.ts'

const hour = 3_600_000
const at = (text: string): Date => new Date(text)
const after = (instant: Date, hours: number): Date => new Date(instant.getTime() + hours * hour)
// ten in the morning in the pharmacy's time zone
const authorisedAt = at('2026-11-22T18:00:00Z')
const order = (state?: string): OralOrder => ({ authorisedAt, state })
const days = (found: OralOrder) => emergencyDuties(found).map(({ rule, dueAt }) => [rule.parameters.tell, dueAt.toISOString()])

test('C15 the prescriber has seven days, in New York 72 hours, and each row names who is told', () => {
  const endOfSeventh = '2026-11-30T07:59:59.999Z'
  assert.deepEqual(days(order()), [['DEA', endOfSeventh]])
  assert.deepEqual(days(order('CA')), [['DEA', endOfSeventh], ['CA_DOJ', endOfSeventh]])
  assert.deepEqual(days(order('NY')), [['NY_DOH', '2026-11-25T18:00:00.000Z'], ['DEA', endOfSeventh]])
  assert.deepEqual(days(order('TX')), days(order()))
})

test('C15 in time is to hand in time, or postmarked in time where the row counts it', () => {
  const [federal] = emergencyDuties(order())
  assert.equal(isMet(federal!, { at: at('2026-11-30T07:59:59.999Z') }), true)
  assert.equal(isMet(federal!, { at: at('2026-11-30T08:00:00Z') }), false)
  assert.equal(isMet(federal!, { at: at('2026-12-03T18:00:00Z'), postmarkedOn: '2026-11-29' }), true)
  assert.equal(isMet(federal!, { at: at('2026-12-03T18:00:00Z'), postmarkedOn: '2026-11-30' }), false)
  const [newYork] = emergencyDuties(order('NY'))
  assert.equal(isMet(newYork!, { at: after(authorisedAt, 73), postmarkedOn: '2026-11-22' }), false)
})

test('C15 what came on the fourth day is too late for New York alone: its authority is told, the DEA need not be', () => {
  const receipt = { at: after(authorisedAt, 90) }
  assert.deepEqual(failedDuties(order('NY'), receipt, at('2027-01-01T00:00:00Z')).map(({ rule }) => rule.id), ['ny-cii-emergency-oral'])
  assert.equal(isSettled(order('NY'), receipt, []), false)
  assert.equal(isSettled(order('NY'), receipt, ['NY_DOH']), true)
  assert.deepEqual(failedDuties(order(), receipt, at('2027-01-01T00:00:00Z')), [])
})

test('C15 California is told within 144 hours of the failure, New York within seven days of the dispensing', () => {
  const [, california] = emergencyDuties(order('CA'))
  assert.deepEqual(tellBy(california!, null), after(california!.dueAt, 144))
  const [newYork] = emergencyDuties(order('NY'))
  assert.deepEqual([tellBy(newYork!, after(authorisedAt, 2)), tellBy(newYork!, null)], [after(authorisedAt, 2 + 168), null])
  const [federal] = emergencyDuties(order())
  assert.equal(tellBy(federal!, authorisedAt), null)
})

test('C15 an oral order is for schedule II, for the days of the emergency, and written down within the hour; each refusal has its source', () => {
  const refused = (about: Partial<Parameters<typeof refusalOfOral>[0]> = {}, later = 0) => {
    const found = refusalOfOral({ ...order(), schedule: 'CII', daysSupply: 3, ...about }, after(authorisedAt, later))
    return found && [found.code, found.rule, found.message.includes(found.source)]
  }
  assert.equal(refused(), undefined)
  assert.equal(refused({}, 1), undefined)
  assert.deepEqual(refused({}, 1.01), ['EMERGENCY_RECORDED_LATE', 'pharmacy-cii-emergency-record', true])
  assert.deepEqual(refused({ daysSupply: 4 }), ['EMERGENCY_SUPPLY_EXCEEDED', 'pharmacy-cii-emergency-supply', true])
  assert.deepEqual(refused({ daysSupply: 4, state: 'NY' }), ['EMERGENCY_SUPPLY_EXCEEDED', 'pharmacy-cii-emergency-supply', true])
  assert.deepEqual(refused({ schedule: 'CIV' }), ['NOT_SCHEDULE_II', 'us-cii-emergency-oral', true])
  assert.deepEqual([emergencyValidity(authorisedAt).lastDay, emergencyValidity(authorisedAt).rule.id], ['2026-11-25', 'pharmacy-cii-emergency-validity'])
})

test('C15 for any order, state and receipt: a duty is met or failed once its time is over, telling every authority that failed settles it, and a receipt never makes more fail', () => {
  const instant = fc.integer({ min: 0, max: 60 * 24 * 20 }).map((minutes) => new Date(authorisedAt.getTime() + minutes * 60_000))
  const receipt = fc.option(fc.record({ at: instant, postmarkedOn: fc.option(instant.map((day) => clock.dayOf(day))) }))
  const issued = fc.date({ min: at('2022-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z'), noInvalidDate: true })
  fc.assert(fc.property(issued, fc.constantFrom(undefined, ...ruledStates), receipt, fc.integer({ min: 0, max: 400 }), (given, state, came, hours) => {
    const oral = { authorisedAt: given, state }
    const shifted = came && { at: new Date(given.getTime() + came.at.getTime() - authorisedAt.getTime()), postmarkedOn: came.postmarkedOn }
    const now = after(given, hours)
    const duties = emergencyDuties(oral)
    const failed = failedDuties(oral, shifted, now)
    assert.ok(duties.length >= 1 && duties.every(({ dueAt }, index) => dueAt > given && (index === 0 || dueAt >= duties[index - 1]!.dueAt)))
    for (const duty of duties) assert.equal(failed.some(({ rule }) => rule === duty.rule), now > duty.dueAt && !isMet(duty, shifted))
    assert.ok(failed.length <= failedDuties(oral, null, now).length)
    assert.equal(isSettled(oral, shifted, duties.filter((duty) => !isMet(duty, shifted)).map(({ rule }) => rule.parameters.tell)), true)
    assert.equal(isSettled(oral, shifted, []), duties.every((duty) => isMet(duty, shifted)))
  }))
})
