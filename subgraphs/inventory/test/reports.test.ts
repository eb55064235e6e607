import { test } from 'node:test'
import assert from 'node:assert/strict'
import { clock, transact } from '@pharmagraph/platform'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { commitOrder } from '../src/commands/commit-stock.ts'
import { holdStock } from '../src/commands/hold-stock.ts'
import { inventory } from '../src/subgraph.ts'
import { inDays, keeper, requestFor, stockedShelf, system } from './shelf.ts'

const subgraph = await testSubgraph(inventory)
const today = clock.today()

test('S70 margin is the revenue that orders tells less the cost of the lots dispensed; unknown where a lot has no cost', async () => {
  const shelf = await stockedShelf(subgraph)
  const drugId = await shelf.drug()
  const [lotId] = await shelf.stock(drugId, { quantity: 100, expires: inDays(400) })
  const request = requestFor([drugId, 30])
  await transact(subgraph.running.orm, (em) => holdStock(em, system, request))
  await transact(subgraph.running.orm, (em) => commitOrder(em, system, { orderId: request.orderId, patientId: request.orderId, orderLineIds: request.lines.map(({ orderLineId }) => orderLineId) }))
  const margin = async (actor = keeper) => (await subgraph.data(actor, 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on DrugSales { costOfGoods { amountMinor } grossMargin { amountMinor currency } } } }',
    { r: [{ __typename: 'DrugSales', drugId, from: today, to: today, revenue: { amountMinor: 3000, currency: 'USD' } }] }))._entities[0]
  assert.deepEqual(await margin(), { costOfGoods: null, grossMargin: null })
  const cost = async (input: object) => (await subgraph.data(keeper, 'mutation ($i: RecordLotCostInput!) { recordLotCost(input: $i) { __typename ... on InvalidInput { field } } }', { i: { lotId, costMinor: 4000, units: 100, ...input } })).recordLotCost
  assert.equal((await cost({ units: 0 })).field, 'units')
  assert.equal((await cost({})).__typename, 'LotPayload')
  assert.deepEqual(await margin(), { costOfGoods: { amountMinor: 1200 }, grossMargin: { amountMinor: 1800, currency: 'USD' } })
  assert.equal(await margin(actorWith('patient')), null)

  const report = await subgraph.data(keeper, `query ($d: LocalDate!) { expiringStockReport(withinDays: 730) { lots { lot { id } quantity value { amountMinor } } value { amountMinor } csv }
    stockTurnoverReport(from: $d, to: $d) { drugs { drug { id } dispensed averageOnHand turns } csv } }`, { d: today })
  const row = report.expiringStockReport.lots.find(({ lot }: { lot: { id: string } }) => lot.id === lotId)
  assert.deepEqual([row.quantity, row.value.amountMinor], [70, 2800])
  assert.match(report.expiringStockReport.csv, new RegExp(`^lot_id,drug_id,batch_number,expiry_date,quantity,value_minor\r\n[^]*${lotId},`))
  const turned = report.stockTurnoverReport.drugs.find(({ drug }: { drug: { id: string } }) => drug.id === drugId)
  assert.deepEqual([turned.dispensed, turned.averageOnHand, turned.turns], [30, 35, 0.86])
  assert.equal((await subgraph.graph(actorWith('patient'), '{ expiringStockReport { until } }')).errors?.[0]?.extensions['code'], 'NOT_FOUND')
})
