import { test } from 'node:test'
import assert from 'node:assert/strict'
import { apply, newId, type EntityManager, type Role } from '@pharmagraph/platform'
import { actorWith } from '../../../tests/environment.ts'
import '@pharmagraph/schema/events'
import type { Route } from '../src/entities/route.ts'
import { ownCourier, type Shipment } from '../src/entities/shipment.ts'
import { routeLifecycle } from '../src/lifecycles/route.ts'
import { move, shipmentLifecycle } from '../src/lifecycles/shipment.ts'

/** History and events are written, not read back: other tests do. */
const em = { persist() {} } as unknown as EntityManager
const roles: Role[] = ['patient', 'caregiver', 'prescriber', 'technician', 'pharmacist', 'pharmacist-in-charge', 'inventory', 'driver', 'support', 'compliance', 'partner', 'system']
const statesOf = <State extends string>(table: Record<State, unknown>): State[] => Object.keys(table) as State[]
const verbsOf = (table: Record<string, object>): string[] => [...new Set(Object.values(table).flatMap(Object.keys))]

test('a shipment moves by its table only: every state, verb and role', () => {
  const { table } = shipmentLifecycle
  let happened = 0
  for (const status of statesOf(table)) {
    for (const verb of verbsOf(table)) {
      for (const role of roles) {
        for (const carrier of [ownCourier, 'UPS']) {
          const shipment = { id: newId(), orderId: newId(), patientId: newId(), status, carrier } as Shipment
          const walk = (): void => move(em, actorWith(role), shipment, verb)
          const step = table[status][verb]
          if (!step) assert.throws(walk, { code: 'TRANSITION_REFUSED' }, `${status} ${verb}`)
          else if (!step.by.includes(role)) assert.throws(walk, { code: 'FORBIDDEN' }, `${status} ${verb} ${role}`)
          else if (step.when.length && verb !== 'callBack' && carrier === ownCourier) assert.throws(walk, { code: 'WITH_OUR_DRIVER' }, `${status} ${verb}`)
          else if (verb === 'callBack' && carrier !== ownCourier) assert.throws(walk, { code: 'WITH_A_CARRIER' }, `${status} ${verb}`)
          else {
            walk()
            assert.equal(shipment.status, step.next)
            happened++
          }
        }
      }
    }
  }
  assert.ok(happened > 50, `${happened} steps walked`)
})

test('a route moves by its table only: every state, verb and role', () => {
  const { table } = routeLifecycle
  for (const status of statesOf(table)) {
    for (const verb of verbsOf(table)) {
      for (const role of roles) {
        const walk = () => apply(em, actorWith(role), routeLifecycle, { id: newId(), status } as Route, verb)
        const step = table[status][verb]
        if (!step) assert.throws(walk, { code: 'TRANSITION_REFUSED' })
        else if (!step.by.includes(role)) assert.throws(walk, { code: 'FORBIDDEN' })
        else assert.equal(walk().to, step.next)
      }
    }
  }
})
