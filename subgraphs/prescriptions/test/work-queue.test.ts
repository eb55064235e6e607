import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId, systemActor, transact } from '@pharmagraph/platform'
import { actorWith } from '../../../tests/environment.ts'
import { act, claimFor, claimNext, claimNamed, grace, held, itemOf, ken, nora, publishDrug, registerPatient, statusOf, stranger, subgraph, submit, tom, untilPrescription, type Claim } from './pharmacy.ts'
import { expireLeases } from '../src/jobs/expire-leases.ts'

const patient = await registerPatient()
const drug = await publishDrug({ genericName: 'lisinopril' })
let written = 0
/** A prescription before the pharmacists; each of a drug of its own, so that none stands in another's way. */
async function waiting(): Promise<string> {
  const other = await publishDrug({ genericName: `drug${'abcdefghij'[written % 10]}${written++}` })
  const id = await submit({ patientId: patient.id, drugId: other.drugId })
  await itemOf('VERIFICATION', id)
  return id
}
const heartbeat = async (actor: typeof nora, claim: Claim) =>
  (await subgraph.data(actor, 'mutation ($i: HeldWorkItemInput!) { heartbeatWorkItem(input: $i) { __typename ... on WorkClaim { token leaseUntil item { id state } } ... on LeaseLost { code } } }', { i: held(claim) })).heartbeatWorkItem
const release = async (actor: typeof nora, claim: Claim) =>
  (await subgraph.data(actor, 'mutation ($i: HeldWorkItemInput!) { releaseWorkItem(input: $i) { __typename ... on WorkItemPayload { item { id state claimedBy attempt } } ... on LeaseLost { code } } }', { i: held(claim) })).releaseWorkItem
const runOut = (claim: Claim): Promise<unknown> => subgraph.sql(`update work_item set lease_until = now() - interval '1 second' where id = $1`, [claim.item.id])
const changes = async (id: string) => (await subgraph.emitted('prescriptions.work-item-changed.v1')).filter(({ workItemId }) => workItemId === id).map(({ state, attempt }) => `${state} ${attempt}`)

test('many pharmacists empty a queue at once: every item is done once, and nobody is given what another holds', async () => {
  const ids = await Promise.all(Array.from({ length: 24 }, () => waiting()))
  const workers = Array.from({ length: 8 }, () => actorWith('pharmacist', { amr: ['pwd', 'otp'] }))
  const holders = new Map<string, string>()
  const done: string[] = []
  await Promise.all(workers.map(async (worker) => {
    for (let claim = await claimNext(worker, 'VERIFICATION'); claim; claim = await claimNext(worker, 'VERIFICATION')) {
      assert.ok(!holders.has(claim.item.id), 'an item in two hands')
      holders.set(claim.item.id, worker.subject)
      const outcome = await act(worker, 'verifyPrescription', held(claim))
      assert.equal(outcome.__typename, 'PrescriptionPayload', JSON.stringify(outcome))
      done.push(claim.item.prescription!.id)
      holders.delete(claim.item.id)
    }
  }))
  assert.deepEqual(done.sort(), ids.sort())
  const claims = await subgraph.sql<{ verb: string; n: number; items: number }>(`select verb, count(*)::int as n, count(distinct subject_id)::int as items from transition where machine = 'work item' and verb in ('claim', 'complete') group by verb order by verb`)
  assert.deepEqual(claims, [{ verb: 'claim', n: 24, items: 24 }, { verb: 'complete', n: 24, items: 24 }])
})

test('the head of the queue is the most urgent, then the oldest, and the queue shows them in that order', async () => {
  const [first, second, urgent] = [await waiting(), await waiting(), await waiting()]
  await subgraph.sql('update work_item set priority = 10 where prescription_id = $1', [urgent])
  const { workQueue } = await subgraph.data(tom, '{ workQueue(name: VERIFICATION) { depth items(first: 2) { nodes { prescription { id } } pageInfo { hasNextPage endCursor } } } }')
  assert.equal(workQueue.depth, 3)
  assert.deepEqual(workQueue.items.nodes.map(({ prescription }: { prescription: { id: string } }) => prescription.id), [urgent, first])
  const next = await subgraph.data(tom, 'query ($after: String) { workQueue(name: VERIFICATION) { items(first: 2, after: $after) { nodes { prescription { id } } pageInfo { hasNextPage } } } }', { after: workQueue.items.pageInfo.endCursor })
  assert.deepEqual([next.workQueue.items.nodes.map(({ prescription }: { prescription: { id: string } }) => prescription.id), next.workQueue.items.pageInfo.hasNextPage], [[second], false])
  for (const expected of [urgent, first, second]) {
    const claim = (await claimNext(nora, 'VERIFICATION'))!
    assert.equal(claim.item.prescription?.id, expected)
    assert.equal((await act(nora, 'verifyPrescription', held(claim))).__typename, 'PrescriptionPayload')
  }
})

test('who holds an item gets the same one again; the others get the next, and a repeated claim at once still makes one', async () => {
  const [one, two] = [await waiting(), await waiting()]
  const claims = await Promise.all([claimNext(nora, 'VERIFICATION'), claimNext(nora, 'VERIFICATION'), claimNext(nora, 'VERIFICATION')])
  assert.deepEqual(new Set(claims.map((claim) => `${claim?.item.prescription?.id} ${claim?.token}`)), new Set([`${one} 1`]))
  const other = (await claimNext(ken, 'VERIFICATION'))!
  assert.equal(other.item.prescription?.id, two)
  assert.equal(await claimNext(grace, 'VERIFICATION'), null)
  assert.equal((await release(nora, claims[0]!)).item.state, 'AVAILABLE')
  assert.equal((await release(nora, claims[0]!)).code, 'LEASE_LOST')
  for (const [actor, claim] of [[ken, other], [nora, (await claimNext(nora, 'VERIFICATION'))!]] as const) await act(actor, 'verifyPrescription', held(claim))
})

test('a worker whose lease ran out is fenced off: another takes the item, and the late write is refused', async () => {
  const id = await waiting()
  const slow = (await claimNext(nora, 'VERIFICATION'))!
  assert.equal((await heartbeat(nora, slow)).__typename, 'WorkClaim')
  await runOut(slow)
  assert.equal((await heartbeat(nora, slow)).code, 'LEASE_LOST')
  const quick = (await claimNext(ken, 'VERIFICATION'))!
  assert.deepEqual([quick.item.id, quick.token, quick.item.attempt], [slow.item.id, slow.token + 1, 2])
  assert.equal((await act(nora, 'verifyPrescription', held(slow))).__typename, 'LeaseLost')
  assert.equal((await act(ken, 'verifyPrescription', { ...held(quick), token: slow.token })).__typename, 'LeaseLost')
  assert.equal(await statusOf(id), 'CLINICAL_REVIEW')
  assert.equal((await act(ken, 'verifyPrescription', held(quick)))['prescription'].status, 'VERIFIED')
  // the answer got lost and the client repeats: told apart from a lost lease
  assert.deepEqual([(await act(ken, 'verifyPrescription', held(quick)))['code'], (await act(nora, 'verifyPrescription', held(slow))).__typename], ['ALREADY_DONE', 'LeaseLost'])
})

test('a lease that runs out is told, and after three the item goes to the pharmacist-in-charge', async () => {
  const id = await waiting()
  const sweep = () => transact(subgraph.running.orm, (em) => expireLeases.run(em, systemActor('prescriptions')))
  const item = await itemOf('VERIFICATION', id)
  for (const [attempt, actor] of [nora, ken, nora].entries()) {
    const claim = (await claimNext(actor, 'VERIFICATION'))!
    assert.deepEqual([claim.item.id, claim.item.attempt], [item, attempt + 1])
    await runOut(claim)
    await sweep()
  }
  assert.deepEqual(await changes(item), ['AVAILABLE 0', 'CLAIMED 1', 'AVAILABLE 1', 'CLAIMED 2', 'AVAILABLE 2', 'CLAIMED 3', 'ESCALATED 3'])
  assert.equal(await claimNext(ken, 'VERIFICATION'), null)
  const claim = (await claimNext(grace, 'VERIFICATION'))!
  assert.equal(claim.item.id, item)
  await act(grace, 'verifyPrescription', held(claim))
})

test('an item nobody takes in time escalates and can still be taken by everybody', async () => {
  const id = await waiting()
  const item = await itemOf('VERIFICATION', id)
  await subgraph.sql(`update work_item set due_at = now() - interval '1 minute' where id = $1`, [item])
  await transact(subgraph.running.orm, (em) => expireLeases.run(em, systemActor('prescriptions')))
  assert.deepEqual(await changes(item), ['AVAILABLE 0', 'ESCALATED 0'])
  await act(nora, 'verifyPrescription', held((await claimNext(nora, 'VERIFICATION'))!))
})

test('only the pharmacist-in-charge takes an item out of turn, and not from somebody who holds it', async () => {
  const [, second] = [await waiting(), await waiting()]
  const item = await itemOf('VERIFICATION', second)
  const pick = (actor: typeof nora) => subgraph.graph(actor, 'mutation ($id: ID!) { claimWorkItem(input: { workItemId: $id }) { token item { id } } }', { id: item })
  assert.equal((await pick(nora)).errors?.[0]?.extensions['code'], 'FORBIDDEN')
  const picked = await claimNamed(grace, item)
  assert.equal(picked.item.id, item)
  const boss = { ...grace, subject: newId() }
  assert.equal((await pick(boss)).errors?.[0]?.extensions['code'], 'TRANSITION_REFUSED')
  await act(grace, 'verifyPrescription', held(picked))
  await act(nora, 'verifyPrescription', held((await claimNext(nora, 'VERIFICATION'))!))
})

test('a technician does not get pharmacists’ work, a patient no work at all, and neither sees a queue that is not theirs', async () => {
  const code = async (actor: typeof nora, queue: string) =>
    (await subgraph.graph(actor, 'mutation ($q: WorkQueueName!) { claimNextWorkItem(input: { queue: $q }) { token } }', { q: queue })).errors?.[0]?.extensions['code']
  assert.deepEqual([await code(tom, 'VERIFICATION'), await code(tom, 'PRODUCT_CHECK'), await code(stranger, 'FILL'), await code(tom, 'FILL')], ['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN', undefined])
  assert.equal((await subgraph.graph(stranger, '{ workQueue(name: FILL) { depth } }')).errors?.[0]?.extensions['code'], 'FORBIDDEN')
  const id = await submit({ patientId: patient.id, drugId: drug.drugId })
  await untilPrescription(id, 'CLINICAL_REVIEW')
  const item = await itemOf('VERIFICATION', id)
  const references = { r: [{ __typename: 'WorkItem', id: item }, { __typename: 'WorkQueue', name: 'FILL' }] }
  const query = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on WorkItem { id state } ... on WorkQueue { name depth } } }'
  assert.deepEqual((await subgraph.data(stranger, query, references))._entities, [null, null])
  assert.deepEqual((await subgraph.data(tom, query, references))._entities, [{ id: item, state: 'AVAILABLE' }, { name: 'FILL', depth: 0 }])
  const wrongQueue = await claimFor(nora, 'VERIFICATION', id)
  assert.equal((await act(nora, 'submitFill', held(wrongQueue))).code, 'INVALID_INPUT')
  await release(nora, wrongQueue)
})
