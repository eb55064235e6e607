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

test('S69 skills: who is limited by the pharmacist-in-charge is given only what they know how to do, in its turn; the others, and the pharmacist-in-charge, all of it', async () => {
  const controlled = await publishDrug({ genericName: 'lorazepam', deaSchedule: 'CIV' })
  await subgraph.sql(`update work_item set status = 'WITHDRAWN', claimed_by = null where status in ('AVAILABLE', 'CLAIMED', 'ESCALATED')`)
  const first = await submit({ patientId: (await registerPatient()).id, drugId: controlled.drugId })
  await itemOf('VERIFICATION', first)
  const second = await waiting()
  const limit = (actor: typeof nora, worker: string, skills: string[] | null) => subgraph.graph(actor, 'mutation ($i: SetWorkerSkillsInput!) { setWorkerSkills(input: $i) { worker { worker skills setBy } } }', { i: { worker, skills } })
  assert.equal((await limit(nora, nora.subject, [])).errors?.[0]?.extensions['code'], 'FORBIDDEN')
  assert.equal((await limit(grace, 'not a subject', [])).errors?.[0]?.extensions['field'], 'worker')
  assert.deepEqual((await limit(grace, nora.subject, ['UPLOADED_PICTURES'])).data.setWorkerSkills.worker, { worker: nora.subject, skills: ['UPLOADED_PICTURES'], setBy: grace.subject })
  assert.deepEqual((await subgraph.data(grace, '{ workerSkills { worker skills } }')).workerSkills, [{ worker: nora.subject, skills: ['UPLOADED_PICTURES'] }])
  const { workQueue } = await subgraph.data(tom, '{ workQueue(name: VERIFICATION) { items { nodes { skills prescription { id } } } } }')
  assert.deepEqual(workQueue.items.nodes, [{ skills: ['CONTROLLED_SUBSTANCES'], prescription: { id: first } }, { skills: [], prescription: { id: second } }])

  const given = async (actor: typeof nora): Promise<string | undefined> => {
    const claim = await claimNext(actor, 'VERIFICATION')
    if (claim) await release(actor, claim)
    return claim?.item.prescription?.id
  }
  assert.deepEqual([await given(nora), await given(ken), await given(grace)], [second, first, first])
  // limited herself, the pharmacist-in-charge still takes what nobody else may
  await limit(grace, grace.subject, [])
  assert.equal(await given(grace), first)
  await limit(grace, nora.subject, ['CONTROLLED_SUBSTANCES', 'CONTROLLED_SUBSTANCES'])
  assert.equal(await given(nora), first)
  await limit(grace, nora.subject, null)
  await limit(grace, grace.subject, null)
  assert.deepEqual([(await subgraph.data(grace, '{ workerSkills { worker } }')).workerSkills, await given(nora)], [[], first])
})

test('S69 a lost claim writes nothing: every verb under a claim, with a token of before, of another, or after the lease ran out, is refused and changes no row', async () => {
  const id = await waiting()
  const verbs: [mutation: string, queue: string, more: object][] = [
    ['verifyPrescription', 'VERIFICATION', {}], ['rejectPrescription', 'VERIFICATION', { reasonCode: 'OTHER', text: 'late' }], ['requestClarification', 'VERIFICATION', { question: 'Once daily?' }],
    ['overrideAlert', 'VERIFICATION', { alertId: newId(), professionalService: 'M0', result: '1G', text: 'late' }],
    ['completeDataEntry', 'DATA_ENTRY', {}],
    ['transcribePrescription', 'DATA_ENTRY', { prescriberNpi: '1999000106', drugId: drug.drugId, drugText: 'x', sig: 'x', quantity: 1, daysSupply: 1, issueDate: '2026-11-22' }],
    ['scanFill', 'FILL', { barcode: `${drug.ndc} A123` }], ['dispensePart', 'FILL', { quantity: 1, cause: 'REQUESTED' }], ['submitFill', 'FILL', {}], ['checkFill', 'PRODUCT_CHECK', {}],
    ['heartbeatWorkItem', 'FILL', {}], ['releaseWorkItem', 'FILL', {}],
  ]
  const inputOf = (mutation: string): string => ({ submitFill: 'HeldFillInput', checkFill: 'HeldFillInput', heartbeatWorkItem: 'HeldWorkItemInput', releaseWorkItem: 'HeldWorkItemInput' })[mutation] ?? `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`
  const say = async (actor: typeof nora, mutation: string, input: object): Promise<string> => {
    const answer = await subgraph.graph(actor, `mutation ($i: ${inputOf(mutation)}!) { ${mutation}(input: $i) { __typename ... on LeaseLost { code } } }`, { i: input })
    return answer.data?.[mutation]?.code ?? answer.data?.[mutation]?.__typename ?? `${answer.errors?.[0]?.extensions['code']}`
  }
  for (const [mutation, queue, more] of verbs) {
    const item = newId()
    const worker = queue === 'DATA_ENTRY' || queue === 'FILL' ? tom : nora
    await subgraph.sql(`delete from work_item where queue = $1`, [queue])
    await subgraph.sql(
      `insert into work_item (id, queue, status, priority, due_at, created_at, prescription_id, excluded, skills, claimed_by, claimed_by_role, lease_until, token, attempt) values ($1, $2, 'CLAIMED', 50, now() + interval '1 day', now(), $3, '{}', '{}', $4, 'pharmacist', now() + interval '10 minutes', 3, 3)`,
      [item, queue, id, worker.subject])
    const other = worker === tom ? actorWith('technician') : ken
    const row = async () => (await subgraph.sql('select status, claimed_by, token, version from work_item where id = $1', [item]))[0]
    const before = await row()
    assert.deepEqual([await say(worker, mutation, { workItemId: item, token: 2, ...more }), await say(other, mutation, { workItemId: item, token: 3, ...more })], ['LEASE_LOST', 'LEASE_LOST'], mutation)
    await subgraph.sql(`update work_item set lease_until = now() where id = $1`, [item])
    assert.equal(await say(worker, mutation, { workItemId: item, token: 3, ...more }), 'LEASE_LOST', `${mutation} after the lease`)
    assert.deepEqual(await row(), before, mutation)
    assert.equal(await say(worker, mutation, { workItemId: newId(), token: 3, ...more }), 'NOT_FOUND', mutation)
  }
  assert.equal(await statusOf(id), 'CLINICAL_REVIEW')
})
