import { test } from 'node:test'
import assert from 'node:assert/strict'
import { clock, newId, transact } from '@pharmagraph/platform'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { holdStock } from '../src/commands/hold-stock.ts'
import { staleForMs } from '../src/availability-cache.ts'
import { inventory } from '../src/subgraph.ts'
import { inDays, requestFor, stockedShelf, system } from './shelf.ts'

const subgraph = await testSubgraph(inventory)
const { orm } = subgraph.running
const shelf = await stockedShelf(subgraph)
const patient = actorWith('patient', { patientId: newId() })

const available = async (drugId: string): Promise<number> =>
  (await subgraph.data(patient, 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Drug { availability { quantityAvailable } } } }', { r: [{ __typename: 'Drug', id: drugId }] }))._entities[0].availability.quantityAvailable
/** A drug with 50 units, known for long enough that answers about it are kept. */
async function settledDrug(): Promise<string> {
  const drug = await shelf.drug()
  await shelf.stock(drug, { quantity: 50, expires: inDays(300) })
  clock.advance(2_000)
  assert.equal(await available(drug), 50)
  return drug
}

test('S40 what another process moves shows within the five seconds that the graph promises, and the answer says as of when', async () => {
  try {
    const drug = await settledDrug()
    await subgraph.sql('update lot set quantity_reserved = 30 where drug_id = $1', [drug])
    let statements = await subgraph.countSql(async () => assert.equal(await available(drug), 50))
    assert.equal(statements, 0, 'an answer within the bound costs no statement')
    clock.advance(staleForMs)
    statements = await subgraph.countSql(async () => assert.equal(await available(drug), 20))
    assert.ok(statements > 0)
    assert.equal(staleForMs, 5_000)
  } finally {
    clock.reset()
  }
})

test('S65 what this process moves shows at once', async () => {
  try {
    const drug = await settledDrug()
    await transact(orm, (em) => holdStock(em, system, requestFor([drug, 10])))
    assert.equal(await available(drug), 40)
    await transact(orm, (em) => holdStock(em, system, requestFor([drug, 10])))
    assert.equal(await available(drug), 30)
  } finally {
    clock.reset()
  }
})

test('S40 a hold never believes the cache: it refuses what the cache still shows and gives what the cache still hides', async () => {
  try {
    const drug = await settledDrug()
    await subgraph.sql('update lot set quantity_reserved = 50 where drug_id = $1', [drug])
    assert.equal(await available(drug), 50)
    const refused = requestFor([drug, 1])
    await transact(orm, (em) => holdStock(em, system, refused))
    assert.deepEqual((await subgraph.emitted('inventory.stock-refused.v1')).map(({ orderId, short }) => [orderId, short[0]!.available]), [[refused.orderId, 0]])

    clock.advance(staleForMs)
    assert.equal(await available(drug), 0)
    await subgraph.sql('update lot set quantity_reserved = 0 where drug_id = $1', [drug])
    assert.equal(await available(drug), 0)
    const held = requestFor([drug, 1])
    await transact(orm, (em) => holdStock(em, system, held))
    assert.equal((await subgraph.emitted('inventory.stock-held.v1')).filter(({ orderId }) => orderId === held.orderId).length, 1)
  } finally {
    clock.reset()
  }
})

test('S40 an answer read while a movement was under way is not kept', async () => {
  try {
    const drug = await settledDrug()
    await orm.em.fork().transactional(async (em) => {
      await holdStock(em, system, requestFor([drug, 10]))
      await em.flush()
      assert.equal(await available(drug), 50, 'not committed yet')
    })
    assert.equal(await available(drug), 40)
  } finally {
    clock.reset()
  }
})
