import { test } from 'node:test'
import assert from 'node:assert/strict'
import { allowedActions, apply, newId, type AppError, type Lifecycle, type Role } from '@pharmagraph/platform'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { destructionLifecycle } from '../src/lifecycles/destruction.ts'
import { dispenseJobLifecycle } from '../src/lifecycles/dispense-job.ts'
import { purchaseOrderLifecycle } from '../src/lifecycles/purchase-order.ts'
import { recallLifecycle, recallNoticeLifecycle } from '../src/lifecycles/recall.ts'
import { countLifecycle, lossCaseLifecycle } from '../src/lifecycles/stock-count.ts'
import { suspectCaseLifecycle } from '../src/lifecycles/suspect-case.ts'
import { tradingPartnerLifecycle } from '../src/lifecycles/trading-partner.ts'
import { inventory } from '../src/subgraph.ts'

const { running: { orm } } = await testSubgraph(inventory)
const roles: Role[] = ['patient', 'caregiver', 'prescriber', 'technician', 'pharmacist', 'pharmacist-in-charge', 'inventory', 'driver', 'support', 'compliance', 'partner', 'system']

type Machine = Lifecycle<string, { id: string; status: string }>
/** Each with a subject whose guards are free: somebody else did the step before. */
const subject = {
  lotId: newId(), drugId: newId(), deaSchedule: 'CII', quantity: 1, noticeDueOn: '2026-01-02', reportDueOn: '2026-02-15', recallId: newId(), patientId: newId(), partnerId: newId(),
  packages: 1, verified: 1, differing: 0, openedBy: 'somebody', draftedBy: 'somebody', proposedBy: 'somebody', firstBy: 'somebody', secondBy: 'somebody else', noticeDueAt: null,
  deviceId: 'cabinet-1', fillId: newId(), orderLineId: newId(), lotNumber: 'A1', ndc: '0591-0369-01', counted: 1, serialNumber: null, refusal: null,
}
const machines = [
  countLifecycle, lossCaseLifecycle, recallLifecycle, recallNoticeLifecycle, tradingPartnerLifecycle, suspectCaseLifecycle, purchaseOrderLifecycle, destructionLifecycle, dispenseJobLifecycle,
] as unknown as Machine[]

for (const machine of machines) {
  test(`${machine.name}: every verb in every state by every role does what the table says, and nothing else`, () => {
    const em = orm.em.fork()
    const states = Object.keys(machine.table)
    const verbs = new Set(states.flatMap((state) => Object.keys(machine.table[state]!)))
    let allowed = 0
    for (const status of states) for (const verb of verbs) for (const role of roles) {
      const one = { ...subject, id: newId(), status }
      const step = machine.table[status]![verb]
      const expected = step ? (step.by.includes(role) ? step.next : 'FORBIDDEN') : 'TRANSITION_REFUSED'
      const offered = allowedActions(machine, one, actorWith(role)).includes(verb)
      let seen: string
      try {
        apply(em, actorWith(role), machine, one, verb)
        seen = one.status
      } catch (error) {
        seen = (error as AppError).code
      }
      assert.equal(seen, expected, `${status} ${verb} by ${role}`)
      assert.equal(offered, seen === step?.next, `${status} offers ${verb} to ${role}`)
      if (offered) allowed++
    }
    assert.ok(allowed > 0)
  })
}
