import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId, transact, type EventMap } from '@pharmagraph/platform'
import fc from 'fast-check'
import { testSubgraph } from '../../../tests/environment.ts'
import { adjustInventory } from '../src/commands/adjust-inventory.ts'
import { commitFill, commitOrder } from '../src/commands/commit-stock.ts'
import { holdStock } from '../src/commands/hold-stock.ts'
import { expireHolds, releaseOrder } from '../src/commands/release-stock.ts'
import { proveLedgerJob } from '../src/jobs/prove-ledger.ts'
import { proveLedger } from '../src/reads/ledger-proof.ts'
import { inventory } from '../src/subgraph.ts'
import { inDays, keeper, requestFor, stockedShelf, system, type StockRequest } from './shelf.ts'

const subgraph = await testSubgraph(inventory)
const { orm } = subgraph.running
const shelf = await stockedShelf(subgraph)

const proof = () => transact(orm, (em) => proveLedger(em, keeper))
const outcome = async (drugId: string) => {
  const [row] = await subgraph.sql<{ held: string; orders: number }>('select coalesce(sum(quantity), 0) as held, count(*)::int as orders from reservation where drug_id = $1 and status = $2', [drugId, 'HELD'])
  return { held: Number(row!.held), orders: row!.orders }
}

test('orders of two drugs asked for in opposite order at once never wait for each other in a ring', async () => {
  const [one, other] = [await shelf.drug(), await shelf.drug()]
  await shelf.stock(one, { quantity: 40, expires: inDays(300) }, { quantity: 40, expires: inDays(200) })
  await shelf.stock(other, { quantity: 40, expires: inDays(200) }, { quantity: 40, expires: inDays(300) })
  const requests = Array.from({ length: 60 }, (_, i) => (i % 2 ? requestFor([one, 2], [other, 2]) : requestFor([other, 2], [one, 2])))
  await Promise.all(requests.map((request) => transact(orm, (em) => holdStock(em, system, request))))
  assert.deepEqual(await outcome(one), { held: 80, orders: 40 })
  assert.deepEqual(await outcome(other), { held: 80, orders: 40 })
})

test('a hold and the cancellation of its order at the same moment leave nothing held, whichever comes first', async () => {
  const drug = await shelf.drug()
  const [lot] = await shelf.stock(drug, { quantity: 100, expires: inDays(300) })
  const requests = Array.from({ length: 40 }, () => requestFor([drug, 1]))
  await Promise.all(requests.flatMap((request, i) => {
    const both = [transact(orm, (em) => holdStock(em, system, request)), transact(orm, (em) => releaseOrder(em, system, request))]
    return i % 2 ? both : both.reverse()
  }))
  assert.deepEqual(await shelf.balances(lot!), [{ onHand: 100, reserved: 0 }])
})

test('S85 any interleaving of holds, commits, releases, expiries and corrections keeps the books right', async () => {
  type Step = { kind: 'hold' | 'commit' | 'commitOrder' | 'release' | 'expire' | 'adjust'; order: number; quantity: number }
  const step = fc.record<Step>({
    kind: fc.constantFrom('hold', 'hold', 'hold', 'commit', 'commitOrder', 'release', 'expire', 'adjust'), order: fc.nat(5), quantity: fc.integer({ min: 1, max: 25 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 5 }), async (workers) => {
      const drug = await shelf.drug()
      const lots = await shelf.stock(drug, { quantity: 20, expires: inDays(200) }, { quantity: 25, expires: inDays(220) }, { quantity: 30, expires: inDays(400), location: shelf.there })
      const requests = Array.from({ length: 6 }, (_, i) => requestFor([drug, 3 + i * 4]))
      await Promise.all(workers.map(async (steps) => {
        for (const { kind, order, quantity } of steps) await walk(kind, requests[order]!, lots, drug, quantity)
      }))

      const [row] = await subgraph.sql<{ reserved: string; allocated: string; negative: number }>(
        `select (select sum(quantity_reserved) from lot where drug_id = $1) as reserved,
                (select coalesce(sum(a.quantity), 0) from allocation a join reservation r on r.id = a.reservation_id where r.drug_id = $1 and r.status = 'HELD') as allocated,
                (select count(*)::int from lot where drug_id = $1 and (quantity_reserved < 0 or quantity_on_hand < quantity_reserved)) as negative`, [drug],
      )
      assert.equal(Number(row!.reserved), Number(row!.allocated), 'what lots have reserved is what live holds have allocated')
      assert.equal(row!.negative, 0)
      const ownLots = new Set(lots)
      assert.deepEqual((await proof()).mismatches.filter(({ lotId }) => ownLots.has(lotId)), [])
    }),
    { numRuns: 15 },
  )

  async function walk(kind: Step['kind'], request: StockRequest, lots: string[], drugId: string, quantity: number): Promise<void> {
    const { orderId } = request
    const orderLineId = request.lines[0]!.orderLineId
    const taken = [{ lotId: lots[quantity % 3]!, lotNumber: 'B', quantity }]
    const verbs = {
      hold: () => transact(orm, (em) => holdStock(em, system, request)),
      commit: () => transact(orm, (em) => commitFill(em, system, { orderLineId, lots: taken, fillId: newId(), patientId: newId(), releasedBy: 'rph', recordHash: 'ab12' } as EventMap['prescriptions.fill-released.v1'])),
      commitOrder: () => transact(orm, (em) => commitOrder(em, system, { orderId, patientId: newId(), orderLineIds: [orderLineId] })),
      release: () => transact(orm, (em) => releaseOrder(em, system, { orderId })),
      expire: async () => {
        await subgraph.sql(`update reservation set expires_at = now() - interval '1 second' where order_id = $1 and status = 'HELD'`, [orderId])
        await transact(orm, (em) => expireHolds(em, system))
      },
      adjust: () => transact(orm, (em) => adjustInventory(em, keeper, { drugId, lotId: lots[quantity % 3]!, delta: quantity % 2 ? quantity : -quantity, reason: 'CORRECTION', idempotencyKey: newId() })),
    }
    await verbs[kind]().catch((error: { code?: string }) => {
      // refusals are part of the rules; anything else is a fault
      if (!['NOT_YET', 'INSUFFICIENT_STOCK'].includes(error.code ?? '')) throw error
    })
  }
})

test('the ledger cannot be rewritten, not even by the role that owns it', async () => {
  const drug = await shelf.drug()
  const [lot] = await shelf.stock(drug, { quantity: 10, expires: inDays(200) })
  for (const statement of ['update ledger_entry set delta = 11 where lot_id = $1', 'delete from ledger_entry where lot_id = $1']) {
    await assert.rejects(subgraph.sql(statement, [lot]), /append-only/)
  }
  await assert.rejects(subgraph.sql('truncate ledger_entry'), /append-only/)
})

test('the database itself refuses a balance below nothing or below what is held', async () => {
  const drug = await shelf.drug()
  const [lot] = await shelf.stock(drug, { quantity: 10, expires: inDays(200) })
  await assert.rejects(subgraph.sql('update lot set quantity_on_hand = -1 where id = $1', [lot]), /lot_on_hand_not_negative|lot_reserved_within_on_hand/)
  await assert.rejects(subgraph.sql('update lot set quantity_reserved = 11 where id = $1', [lot]), /lot_reserved_within_on_hand/)
  await assert.rejects(subgraph.sql('update lot set quantity_reserved = -1 where id = $1', [lot]), /lot_reserved_within_on_hand/)
})

test('the proof names a lot whose balance was changed beside the ledger, and the job fails over it', async () => {
  const drug = await shelf.drug()
  const [lot] = await shelf.stock(drug, { quantity: 10, expires: inDays(200) })
  await transact(orm, (em) => proveLedgerJob.run(em, system))
  await subgraph.sql('update lot set quantity_on_hand = 9 where id = $1', [lot])
  const { ledgerProof } = await subgraph.data(keeper, '{ ledgerProof { mismatches { lot { id } onHand ledgerOnHand reserved ledgerReserved } } }')
  assert.deepEqual(ledgerProof.mismatches, [{ lot: { id: lot }, onHand: 9, ledgerOnHand: 10, reserved: 0, ledgerReserved: 0 }])
  await assert.rejects(transact(orm, (em) => proveLedgerJob.run(em, system)), { code: 'LEDGER_MISMATCH' })
})
