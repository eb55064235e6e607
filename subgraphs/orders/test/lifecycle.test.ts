import { test } from 'node:test'
import assert from 'node:assert/strict'
import { actorWith } from '../../../tests/environment.ts'
import { AppError, allowedActions, apply, newId, type EntityManager, type Lifecycle, type Role, type TransitionRow, type OutboxEvent } from '@pharmagraph/platform'
import '@pharmagraph/schema/events'
import { Order, type OrderStatus } from '../src/entities/order.ts'
import { AutoRefill } from '../src/entities/auto-refill.ts'
import { Payment, Refund } from '../src/entities/payment.ts'
import { OrderLine } from '../src/entities/order.ts'
import { Fulfilment } from '../src/entities/fulfilment.ts'
import { autoRefillLifecycle } from '../src/lifecycles/auto-refill.ts'
import { fulfilmentLifecycle } from '../src/lifecycles/fulfilment.ts'
import type { PaymentStatus } from '../src/entities/payment-status.ts'
import { orderLifecycle } from '../src/lifecycles/order.ts'
import { orderLineLifecycle } from '../src/lifecycles/order-line.ts'
import { paymentLifecycle } from '../src/lifecycles/payment.ts'
import { refundLifecycle } from '../src/lifecycles/refund.ts'

const roles: Role[] = ['patient', 'caregiver', 'prescriber', 'technician', 'pharmacist', 'pharmacist-in-charge', 'inventory', 'driver', 'support', 'compliance', 'partner', 'system']

/** Remembers what would be written. */
function notebook() {
  const rows: (TransitionRow | OutboxEvent)[] = []
  return { rows, em: { persist: (row: TransitionRow) => void rows.push(row) } as unknown as EntityManager }
}

const codeOf = (run: () => unknown): string => {
  try {
    run()
    return 'OK'
  } catch (error) {
    assert.ok(error instanceof AppError, String(error))
    return error.code
  }
}

/** Walks every state × verb × role (× variant of the subject) and compares with the table. */
function walk<State extends string, Subject extends { id: string; status: State }>(lifecycle: Lifecycle<State, Subject>, make: (status: State, variant: number) => Subject, variants = 1): void {
  const verbs = new Set(Object.values<Record<string, unknown>>(lifecycle.table).flatMap((state) => Object.keys(state)))
  for (const status of Object.keys(lifecycle.table) as State[]) {
    for (const verb of verbs) for (const role of roles) for (let variant = 0; variant < variants; variant++) {
      const subject = make(status, variant)
      const { em, rows } = notebook()
      const actor = actorWith(role)
      const step = lifecycle.table[status][verb]
      const guard = step?.when.map((when) => when(subject, actor)).find((refusal) => refusal)
      const expected = !step ? 'TRANSITION_REFUSED' : !step.by.includes(role) ? 'FORBIDDEN' : (guard?.code ?? 'OK')
      const where = `${lifecycle.name}: ${status} –${verb}→ as ${role}`
      assert.equal(allowedActions(lifecycle, subject, actor).includes(verb), expected === 'OK', where)
      assert.equal(codeOf(() => apply(em, actor, lifecycle, subject, verb, { reason: 'TEST' })), expected, where)
      assert.equal(subject.status, expected === 'OK' ? step!.next : status, where)
      const history = rows.filter((row): row is TransitionRow => 'machine' in row)
      assert.equal(history.length, expected === 'OK' ? 1 : 0, where)
    }
  }
}

const order = (status: OrderStatus, paymentStatus: PaymentStatus = 'NOT_STARTED', releasedParts = 0): Order =>
  Object.assign(new Order(), { id: newId(), patientId: newId(), status, paymentStatus, releasedParts })

test('an order walks the arrows of its table and no other, whoever tries and whatever is paid', () => {
  const payments: PaymentStatus[] = ['NOT_STARTED', 'CAPTURING', 'CAPTURED', 'REFUNDED']
  for (const releasedParts of [0, 1]) walk(orderLifecycle, (status, variant) => order(status, payments[variant], releasedParts), payments.length)
})

test('payments, refunds, parts, lines and automatic refills walk the arrows of their tables only, and payments by the system alone', () => {
  walk(paymentLifecycle, (status) => Object.assign(new Payment(), { id: newId(), orderId: newId(), status, amountMinor: 1, capturedMinor: 0, refundedMinor: 0, currency: 'USD' }))
  walk(refundLifecycle, (status) => Object.assign(new Refund(), { id: newId(), status }))
  walk(fulfilmentLifecycle, (status) => Object.assign(new Fulfilment(), { id: newId(), orderId: newId(), patientId: newId(), status }))
  walk(autoRefillLifecycle, (status) => Object.assign(new AutoRefill(), { id: newId(), prescriptionId: newId(), patientId: newId(), status, orderOn: '2026-12-01' }))
  walk(orderLineLifecycle, (status) => Object.assign(new OrderLine(), { id: newId(), status }))
})

test('each step tells the world once; an order that ends before its capture tells that it is off as well', () => {
  const patient = actorWith('patient')
  for (const status of ['CHECKOUT_STARTED', 'RX_CHECKED', 'BACKORDERED', 'STOCK_HELD', 'PAYMENT_AUTHORIZED', 'AWAITING_PHARMACIST'] as const) {
    const { em, rows } = notebook()
    apply(em, patient, orderLifecycle, order(status), 'cancel', { reason: 'PATIENT_ASKED' })
    assert.deepEqual(rows.flatMap((row) => ('type' in row ? row.type : [])), ['orders.order-status-changed.v1', 'orders.order-cancelled.v1'], status)
  }
})

test('a patient may cancel until the pharmacist has released, then only the staff may, by giving the money back', () => {
  const may = (role: Role, status: OrderStatus, paymentStatus: PaymentStatus, verb: string) => allowedActions(orderLifecycle, order(status, paymentStatus), actorWith(role)).includes(verb)
  assert.ok(may('patient', 'AWAITING_PHARMACIST', 'AUTHORIZED', 'cancel'))
  assert.ok(!may('patient', 'RELEASED', 'CAPTURING', 'cancel'))
  assert.ok(!may('support', 'RELEASED', 'CAPTURING', 'cancel'))
  assert.ok(may('support', 'RELEASED', 'AUTH_EXPIRED', 'cancel'))
  assert.ok(may('support', 'PAYMENT_CAPTURED', 'CAPTURED', 'cancel'))
  assert.ok(!may('patient', 'PAYMENT_CAPTURED', 'CAPTURED', 'cancel'))
  assert.ok(may('support', 'DELIVERED', 'CAPTURED', 'refund'))
  assert.ok(!may('support', 'DELIVERED', 'REFUNDED', 'refund'))
})
