import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId } from '@pharmagraph/platform'
import { actorWith } from '../../../tests/environment.ts'
import { addToCart, checkout, newCustomer, newDrug, newPrescription, testOrders } from './pharmacy.ts'

const { subgraph } = await testOrders({ background: true })

/** Publishes once the mutation has been refused a first time, as news that comes a moment later. */
const soon = (publish: () => Promise<unknown>): Promise<unknown> => new Promise((done, fail) => setTimeout(() => publish().then(done, fail), 150))

test('S34 a checkout right after adding an address waits for the news of it, and goes through', async () => {
  const customer = await newCustomer(subgraph)
  const { cart } = await addToCart(subgraph, customer.patient, { drugId: await newDrug(subgraph, { rxOnly: false }) })
  const addressId = newId()
  const [placed] = await Promise.all([
    checkout(subgraph, customer.patient, { cartId: cart.id, addressId, idempotencyKey: newId() }),
    soon(() => subgraph.publish('logistics.address-added.v1', addressId, { addressId, patientId: customer.patientId, state: 'CA', deliverability: 'DELIVERABLE' })),
  ])
  assert.deepEqual([placed.__typename, placed.order?.shippingAddress.id], ['OrderPayload', addressId])
})

test('S34 a prescription just verified, a consent just given: put into the cart and ordered without trying again', async () => {
  const customer = await newCustomer(subgraph, { consent: false })
  const drugId = await newDrug(subgraph)
  const prescriptionId = await newPrescription(subgraph, customer.patientId, { drugId, status: 'CLINICAL_REVIEW' })
  const [added] = await Promise.all([
    addToCart(subgraph, customer.patient, { prescriptionId }),
    soon(() => subgraph.publish('prescriptions.prescription-status-changed.v1', prescriptionId, {
      prescriptionId, patientId: customer.patientId, drugId, from: 'CLINICAL_REVIEW', to: 'VERIFIED', reasonCode: null, quantity: 30, daysSupply: 30, refillsRemaining: 3, expiryDate: '2099-01-01',
    })),
  ])
  assert.equal(added.__typename, 'CartPayload')
  const [placed] = await Promise.all([
    checkout(subgraph, customer.patient, { cartId: added.cart.id, addressId: customer.addressId, idempotencyKey: newId() }),
    soon(() => subgraph.publish('patients.consent-changed.v1', customer.patientId, { patientId: customer.patientId, purpose: 'DISPENSING', granted: true, policyVersion: '1', version: 1 })),
  ])
  assert.equal(placed.__typename, 'OrderPayload')
})

test('S34 what never comes is refused after two seconds with its reason, and an address of somebody else stays unknown', async () => {
  const customer = await newCustomer(subgraph)
  const stranger = await newCustomer(subgraph)
  const { cart } = await addToCart(subgraph, customer.patient, { drugId: await newDrug(subgraph, { rxOnly: false }) })
  for (const addressId of [newId(), stranger.addressId]) {
    const began = performance.now()
    const refused = await checkout(subgraph, customer.patient, { cartId: cart.id, addressId, idempotencyKey: newId() })
    assert.deepEqual([refused.__typename, refused.reason.code], ['NotOrderable', 'ADDRESS_NOT_KNOWN'])
    assert.ok(performance.now() - began < 6000, 'the wait is bounded')
  }
  // what no news would lift is refused at once
  const began = performance.now()
  assert.equal((await checkout(subgraph, customer.patient, { cartId: newId(), addressId: customer.addressId, idempotencyKey: newId() })).field, 'cartId')
  assert.equal((await subgraph.graph(actorWith('support'), 'mutation { addToCart(input: { drugId: "x" }) { __typename } }')).errors?.length, 1)
  assert.ok(performance.now() - began < 1900)
})
