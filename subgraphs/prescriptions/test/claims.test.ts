import { test } from 'node:test'
import assert from 'node:assert/strict'
import { AppError, newId, transact } from '@pharmagraph/platform'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { claimNextWorkItem, maxAttempts } from '../src/commands/claim-work-item.ts'
import { completeWorkItem, heldWorkItem } from '../src/commands/held-work-item.ts'
import { workItemStates } from '../src/entities/work-item.ts'
import { workItemLifecycle } from '../src/lifecycles/work-item.ts'
import { prescriptions } from '../src/subgraph.ts'
import './settings.ts'

const subgraph = await testSubgraph(prescriptions)
const { orm } = subgraph.running

test('S69 fifty workers and five hundred items: each is done once, none has two live holders, and what a crashed worker held is done by another', async () => {
  const [workers, items] = [50, 500]
  await subgraph.sql(
    `insert into work_item (id, queue, status, priority, due_at, created_at, excluded) select id, 'VERIFICATION', 'AVAILABLE', 50, now() + interval '1 day', now(), '{}' from unnest($1::uuid[]) id`,
    [Array.from({ length: items }, () => newId())],
  )
  const holders = new Map<string, string>()
  const done = new Map<string, number>()
  const deadline = Date.now() + 120_000
  const crashed: { id: string; token: number; subject: string }[] = []
  await Promise.all(Array.from({ length: workers }, async (_, n) => {
    const worker = actorWith('pharmacist', { amr: ['pwd', 'otp'] })
    for (let taken = 0; ; taken++) {
      const item = await claimNextWorkItem(orm.em.fork(), worker, { queue: 'VERIFICATION' })
      if (!item) {
        // what a crashed worker holds may be the last of all
        if (done.size === items || Date.now() > deadline) return
        await new Promise((again) => setTimeout(again, 10))
        taken--
        continue
      }
      assert.equal(holders.get(item.id), undefined, 'an item in two hands')
      holders.set(item.id, worker.subject)
      assert.ok(item.attempt <= maxAttempts)
      // every fifth worker dies over the first item: the lease runs out and somebody else takes it
      if (n % 5 === 0 && taken === 0) {
        crashed.push({ id: item.id, token: item.token, subject: worker.subject })
        holders.delete(item.id)
        await subgraph.sql(`update work_item set lease_until = now() - interval '1 second' where id = $1`, [item.id])
        return
      }
      holders.delete(item.id)
      await transact(orm, async (em) => completeWorkItem(em, worker, await heldWorkItem(em, worker, { workItemId: item.id, token: item.token }, 'VERIFICATION')))
      done.set(item.id, (done.get(item.id) ?? 0) + 1)
    }
  }))
  assert.deepEqual([done.size, [...done.values()].every((times) => times === 1), crashed.length], [items, true, workers / 5])
  const counts = await subgraph.sql<{ verb: string; n: number }>(`select verb, count(*)::int as n from transition where machine = 'work item' group by verb order by verb`)
  assert.deepEqual(counts, [{ verb: 'claim', n: items + crashed.length }, { verb: 'complete', n: items }])
  assert.deepEqual(await subgraph.sql('select status, count(*)::int as n from work_item group by status'), [{ status: 'DONE', n: items }])
  // who comes back from the dead writes nothing any more
  for (const { id, token, subject } of crashed) {
    const ghost = actorWith('pharmacist', { subject, amr: ['pwd', 'otp'] })
    await assert.rejects(transact(orm, (em) => heldWorkItem(em, ghost, { workItemId: id, token }, 'VERIFICATION')), (error: AppError) => error.code === 'LEASE_LOST')
  }
})

test('the claim in SQL walks the arrows of the lifecycle: from every state that has the verb, and from no other', async () => {
  const claimable = workItemStates.filter((state) => 'claim' in workItemLifecycle.table[state])
  for (const state of workItemStates) {
    await subgraph.sql('delete from work_item')
    const id = newId()
    await subgraph.sql(
      `insert into work_item (id, queue, status, priority, due_at, created_at, excluded, claimed_by, lease_until) values ($1, 'FILL', $2, 50, now(), now(), '{}', $3, now() - interval '1 minute')`,
      [id, state, state === 'CLAIMED' ? newId() : null],
    )
    const item = await claimNextWorkItem(orm.em.fork(), actorWith('technician'), { queue: 'FILL' })
    assert.deepEqual([state, item?.id, item?.status, item?.token], claimable.includes(state) ? [state, id, 'CLAIMED', 1] : [state, undefined, undefined, undefined])
    const rows = await subgraph.sql<{ from_state: string; to_state: string }>(`select from_state, to_state from transition where subject_id = $1`, [id])
    const events = (await subgraph.emitted('prescriptions.work-item-changed.v1')).filter(({ workItemId }) => workItemId === id)
    assert.deepEqual([rows, events.map(({ state: told, attempt }) => [told, attempt])], item ? [[{ from_state: state, to_state: 'CLAIMED' }], [['CLAIMED', 1]]] : [[], []])
  }
})
