import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId, transact } from '@pharmagraph/platform'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { commitOrder } from '../src/commands/commit-stock.ts'
import { holdStock } from '../src/commands/hold-stock.ts'
import { watchStock } from '../src/commands/watch-stock.ts'
import { demandOf, economicOrderQuantity, reorderPoint, suggestedOrder, usable, type Supply } from '../src/reorder.ts'
import { inventory } from '../src/subgraph.ts'
import { inDays, keeper, requestFor, stockedShelf, system } from './shelf.ts'

const supply: Supply = { leadDays: 4, leadSdDays: 1, z: 1.65, targetCoverDays: 10, orderCostMinor: 1_500, holdingCostMinorPerYear: 20 }

test('demand counts the days without use, and the reorder point is d̄·L + z·√(L·σd² + d̄²·σL²)', () => {
  const demand = demandOf([20, 10], 3)
  assert.equal(demand.meanPerDay, 10)
  assert.ok(Math.abs(demand.sdPerDay - Math.sqrt(200 / 3)) < 1e-9)
  assert.equal(reorderPoint({ meanPerDay: 10, sdPerDay: 3 }, supply), 59.242) // 40 + 1.65·√(4·9 + 100)
})

test('units that nobody will use before their lot is too old count for nothing', () => {
  const demand = { meanPerDay: 10, sdPerDay: 0 }
  assert.equal(usable([{ free: 100, daysLeft: 3 }, { free: 100, daysLeft: 100 }], demand), 130)
  assert.equal(usable([{ free: 100, daysLeft: 8 }, { free: 100, daysLeft: 9 }], demand), 90)
  assert.equal(usable([{ free: 100, daysLeft: -1 }], demand), 0)
})

test('what is suggested is whole packages, the economic quantity or up to the target, and nothing above the point', () => {
  const demand = { meanPerDay: 10, sdPerDay: 3 }
  assert.equal(Math.round(economicOrderQuantity(demand, supply)), 740) // √(2·3650·1500/20)
  assert.equal(suggestedOrder(59, demand, supply, 100), 800)
  assert.equal(suggestedOrder(59, demand, { ...supply, orderCostMinor: 0 }, 30), 120) // 159.242 − 59
  assert.equal(suggestedOrder(60, demand, supply, 100), 0)
  assert.equal(suggestedOrder(0, { meanPerDay: 0, sdPerDay: 0 }, supply, 100), 0)
})

const subgraph = await testSubgraph(inventory)
const { orm } = subgraph.running
const shelf = await stockedShelf(subgraph)

test('S17 a drug that comes to its reorder point is told once, shown with what to order, and cleared when stock has come', async () => {
  const [drug, fine] = [await shelf.drug(), await shelf.drug()]
  const use = async (drugId: string, quantity: number) => {
    const request = requestFor([drugId, quantity])
    await transact(orm, (em) => holdStock(em, system, request))
    const orderLineIds = request.lines.map(({ orderLineId }) => orderLineId)
    await transact(orm, (em) => commitOrder(em, system, { orderId: request.orderId, patientId: newId(), orderLineIds }))
  }
  const watch = () => transact(orm, (em) => watchStock(em, system))
  const told = async () => (await subgraph.emitted('inventory.stock-low.v1')).filter(({ drugId }) => drugId === drug).length
  await shelf.stock(drug, { quantity: 100, expires: inDays(300) })
  await shelf.stock(fine, { quantity: 9_000, expires: inDays(900) })
  await use(drug, 95)
  await use(fine, 90)
  await watch()
  await watch()
  assert.equal(await told(), 1)
  const query = 'query ($r: [_Any!]!) { lowStock { drug { id } position } suggestedPurchaseOrders { drug { id } ndc position suggestedQuantity reorderPoint } _entities(representations: $r) { ... on Drug { stockAlert { suggestedQuantity } } } }'
  const ask = () => subgraph.data(keeper, query, { r: [drug, fine].map((id) => ({ __typename: 'Drug', id })) })
  const { lowStock, suggestedPurchaseOrders: [suggestion], _entities } = await ask()
  assert.deepEqual(lowStock, [{ drug: { id: drug }, position: 5 }])
  assert.equal(suggestion.drug.id, drug)
  assert.ok(suggestion.position <= suggestion.reorderPoint && suggestion.suggestedQuantity % 10 === 0 && suggestion.suggestedQuantity > 0)
  assert.deepEqual(_entities, [{ stockAlert: { suggestedQuantity: suggestion.suggestedQuantity } }, { stockAlert: null }])

  await shelf.stock(drug, { quantity: 500, expires: inDays(600) })
  await watch()
  assert.deepEqual((await ask()).lowStock, [])
  assert.equal(await told(), 1)
  assert.equal((await subgraph.graph(actorWith('patient', { patientId: newId() }), '{ suggestedPurchaseOrders { ndc } }')).errors?.[0]?.extensions['code'], 'FORBIDDEN')
})
