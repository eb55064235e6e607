import { test } from 'node:test'
import assert from 'node:assert/strict'
import { allowedActions, AppError, apply, newId, type Lifecycle, type Role } from '@pharmagraph/platform'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { EmergencyFollowUp } from '../src/entities/emergency-follow-up.ts'
import { Fill, type HeldLot } from '../src/entities/fill.ts'
import { OwedBalance } from '../src/entities/owed-balance.ts'
import { Prescription } from '../src/entities/prescription.ts'
import { RefillRequest } from '../src/entities/refill-request.ts'
import { WorkItem } from '../src/entities/work-item.ts'
import { emergencyFollowUpLifecycle } from '../src/lifecycles/emergency-follow-up.ts'
import { fillLifecycle } from '../src/lifecycles/fill.ts'
import { owedBalanceLifecycle } from '../src/lifecycles/owed-balance.ts'
import { prescriptionLifecycle } from '../src/lifecycles/prescription.ts'
import { refillRequestLifecycle } from '../src/lifecycles/refill-request.ts'
import { workItemLifecycle } from '../src/lifecycles/work-item.ts'
import { prescriptions } from '../src/subgraph.ts'
import './settings.ts'

const subgraph = await testSubgraph(prescriptions)
const [nora, tom] = [actorWith('pharmacist'), actorWith('technician')]

const roles: Role[] = ['patient', 'caregiver', 'prescriber', 'technician', 'pharmacist', 'pharmacist-in-charge', 'inventory', 'driver', 'support', 'compliance', 'partner', 'system']
const lot: HeldLot = { lotId: newId(), lotNumber: 'A1', ndc: '0591-0369-01', ndc12: '000591036901', expiryDate: '2030-01-01', quantity: 1, scanned: true }
const prescription = (about: Partial<Prescription> = {}): Prescription =>
  Object.assign(new Prescription(), { id: newId(), deaSchedule: 'CII' as const, quantity: 30, daysSupply: 30, refillsAuthorized: 1, fillsReleased: 0, expiryDate: '2027-01-01', ...about })
const fill = (about: Partial<Fill> = {}): Fill => Object.assign(new Fill(), { id: newId(), prescriptionId: newId(), orderId: newId(), orderLineId: newId(), lots: [lot], fillers: [], ...about })
const item = (): WorkItem => Object.assign(new WorkItem(), { id: newId(), queue: 'FILL' as const, prescriptionId: newId(), fillId: newId(), priority: 50, attempt: 0 })

/** Every state × verb × role: what the table names happens, everything else is refused, by the right code. */
function walk<State extends string, Subject extends { id: string; status: State }>(lifecycle: Lifecycle<State, Subject>, make: () => Subject): number {
  const states = Object.keys(lifecycle.table) as State[]
  const verbs = [...new Set(states.flatMap((state) => Object.keys(lifecycle.table[state])))]
  let happened = 0
  for (const state of states) for (const verb of verbs) for (const role of roles) {
    const subject = Object.assign(make(), { status: state })
    const actor = actorWith(role)
    const step = lifecycle.table[state][verb]
    const where = `${state} –${verb}→ by ${role}`
    try {
      apply(subgraph.running.orm.em.fork(), actor, lifecycle, subject, verb)
      assert.ok(step && step.by.includes(role), `${where} must be refused`)
      assert.equal(subject.status, step.next, where)
      happened++
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      assert.equal(error.code, step ? 'FORBIDDEN' : 'TRANSITION_REFUSED', where)
      assert.ok(!step?.by.includes(role), `${where} must happen: ${error.message}`)
      assert.equal(subject.status, state)
    }
    assert.equal(allowedActions(lifecycle, Object.assign(make(), { status: state }), actor).includes(verb), !!step?.by.includes(role), where)
  }
  return happened
}

test('a prescription goes only the ways of its table, in the hands of those it names', () => {
  assert.ok(walk(prescriptionLifecycle, prescription) > 20)
})

test('a fill goes only the ways of its table, in the hands of those it names', () => {
  assert.ok(walk(fillLifecycle, fill) > 20)
})

test('what is owed of a part, and a wish for a refill, go only the ways of their tables', () => {
  const balance = (): OwedBalance => Object.assign(new OwedBalance(), { id: newId(), prescriptionId: newId(), fillId: newId(), prescribed: 30, dispensed: 10, deadline: new Date() })
  const wish = (): RefillRequest => Object.assign(new RefillRequest(), { id: newId(), prescriptionId: newId(), patientId: newId(), origin: 'PATIENT' as const, reasonCode: 'REQUESTED' })
  assert.equal(walk(owedBalanceLifecycle, balance), 3)
  assert.ok(walk(refillRequestLifecycle, wish) > 20)
})

test('C15 what must follow an oral order goes only the ways of its table, in the hands of those it names', () => {
  const followUp = (): EmergencyFollowUp => Object.assign(new EmergencyFollowUp(), { id: newId(), prescriptionId: newId(), dueAt: new Date(), notices: [] })
  assert.equal(walk(emergencyFollowUpLifecycle, followUp), 19)
})

test('a work item goes only the ways of its table, in the hands of those it names', () => {
  assert.ok(walk(workItemLifecycle, item) > 10)
})

test('only pharmacists verify, check and release; nothing leads out of an end', () => {
  assert.deepEqual(prescriptionLifecycle.table.CLINICAL_REVIEW['verify']?.by, ['pharmacist', 'pharmacist-in-charge'])
  for (const [state, verb] of [['PRODUCT_CHECK', 'check'], ['PACKED', 'release']] as const) assert.deepEqual(fillLifecycle.table[state][verb]?.by, ['pharmacist', 'pharmacist-in-charge'])
  for (const state of ['EXPIRED', 'DISCONTINUED', 'TRANSFERRED_OUT', 'REJECTED', 'CANCELLED', 'DUPLICATE'] as const) assert.deepEqual(prescriptionLifecycle.table[state], {})
  for (const state of ['BLOCKED', 'COMPLETED', 'CANCELLED', 'RETURNED_TO_STOCK', 'RETURNED_WASTE'] as const) assert.deepEqual(fillLifecycle.table[state], {})
})

test('guards name their reason: unscanned lots, one person for both steps', () => {
  const refusal = (run: () => void): string => {
    try {
      run()
      return 'none'
    } catch (error) {
      return (error as AppError).code
    }
  }
  const em = subgraph.running.orm.em.fork()
  assert.equal(refusal(() => apply(em, tom, fillLifecycle, fill({ status: 'FILLING', lots: [{ ...lot, scanned: false }] }), 'submit')), 'SCAN_INCOMPLETE')
  assert.equal(refusal(() => apply(em, tom, fillLifecycle, fill({ status: 'FILLING', lots: [] }), 'submit')), 'SCAN_INCOMPLETE')
  assert.equal(refusal(() => apply(em, nora, fillLifecycle, fill({ status: 'PRODUCT_CHECK', fillers: [nora.subject] }), 'check')), 'SEPARATION_OF_DUTIES')
  assert.equal(refusal(() => apply(em, nora, prescriptionLifecycle, prescription({ status: 'CLINICAL_REVIEW', enteredBy: nora.subject }), 'verify')), 'SEPARATION_OF_DUTIES')
  assert.equal(refusal(() => apply(em, nora, prescriptionLifecycle, prescription({ status: 'VERIFIED', enteredBy: nora.subject }), 'verifyAgain')), 'SEPARATION_OF_DUTIES')
  assert.equal(refusal(() => apply(em, nora, fillLifecycle, fill({ status: 'PACKED', fillers: [nora.subject] }), 'release')), 'SEPARATION_OF_DUTIES')
  assert.equal(refusal(() => apply(em, nora, prescriptionLifecycle, prescription({ status: 'CLINICAL_REVIEW', drugId: newId(), deaSchedule: 'CIV' }), 'documentEmergency')), 'NOT_SCHEDULE_II')
})
