import { test } from 'node:test'
import assert from 'node:assert/strict'
import { testSubgraph } from '../../../tests/environment.ts'
import { erase, turningVault } from '../../../tests/keys.ts'
import { addToCart, cancelOrder, checkout, newCustomer, newDrug, orderOf, ordersWith, support, type Customer } from './pharmacy.ts'
import { memoryProvider } from './provider.ts'

const { vault, rotate } = turningVault()
const payments = memoryProvider()
const subgraph = await testSubgraph({ ...ordersWith(payments), services: () => ({ payments, vault }) }, { background: true })

/** A cancelled order; why is in the patient's own words. */
async function cancelled({ patient, addressId }: Customer): Promise<string> {
  const { cart } = await addToCart(subgraph, patient, { drugId: await newDrug(subgraph, { rxOnly: false }), packages: 1 })
  const { order } = await checkout(subgraph, patient, { cartId: cart.id, addressId, idempotencyKey: crypto.randomUUID() })
  await cancelOrder(subgraph, patient, { orderId: order.id, reason: 'I feel better now' })
  return order.id
}
const history = async (id: string) => (await orderOf(subgraph, support, id)).history

test('S45 what patients wrote stays readable while the key-encryption key changes', async () => {
  const id = await cancelled(await newCustomer(subgraph))
  assert.match(JSON.stringify(await history(id)), /I feel better now/)
  await rotate(subgraph, () => history(id))
})

test('S51 what an erased patient wrote opens no more; the order and its amounts stay for the books', async () => {
  const customer = await newCustomer(subgraph)
  const id = await cancelled(customer)
  assert.match(JSON.stringify(await history(id)), /better/)
  await erase(subgraph, 'orders', customer.patientId)
  const order = await orderOf(subgraph, support, id)
  assert.equal(order.status, 'CANCELLED')
  assert.doesNotMatch(JSON.stringify(order), /better/)
})
