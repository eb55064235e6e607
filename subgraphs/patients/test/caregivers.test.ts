import { test } from 'node:test'
import assert from 'node:assert/strict'
import { apply, clock, newId, systemActor, transact, type Actor, type EventMap, type Role } from '@pharmagraph/platform'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { accept, caregiverOf, prescribed, registered } from './support.ts'
import { sealRelationships } from '../src/jobs/seal-relationships.ts'
import { delegationLifecycle } from '../src/lifecycles/delegation.ts'
import { services } from '../src/services.ts'
import { patients } from '../src/subgraph.ts'

const subgraph = await testSubgraph(patients)
const invite = `mutation ($i: InviteCaregiverInput!) { inviteCaregiver(input: $i) { code invitation { delegationId name relationship scopes expiresAt } } }`
const rosa = { name: 'Rosa Núñez', relationship: 'DAUGHTER' }
const seen = async (who: Actor, id: string) => (await subgraph.data(who, 'query ($id: ID!) { patient(id: $id) { id threads { nodes { id } } } }', { id })).patient
const told = async (delegationId: string): Promise<EventMap['patients.delegation-changed.v1'][]> =>
  (await subgraph.emitted('patients.delegation-changed.v1')).filter((event) => event.delegationId === delegationId)
const codeOf = ({ errors }: { errors?: { extensions: Record<string, unknown> }[] }) => errors?.[0]?.extensions['code']

test('S23 a patient invites, the caregiver takes it up under their own account, and sees the record from then on', async () => {
  const { actor, id } = await registered(subgraph)
  const { inviteCaregiver } = await subgraph.data(actor, invite, { i: { ...rosa, scopes: ['ORDER'] } })
  const { delegationId, ...shown } = inviteCaregiver.invitation
  assert.deepEqual({ ...shown, expiresAt: undefined }, { ...rosa, scopes: ['VIEW', 'ORDER'], expiresAt: undefined })
  assert.deepEqual((await subgraph.data(actor, '{ me { caregivers { name } caregiverInvitations { name delegationId } } }')).me, { caregivers: [], caregiverInvitations: [{ name: rosa.name, delegationId }] })
  const raw = await subgraph.sql<{ text: string }>('select d::text as text from delegation d where id = $1', [delegationId])
  assert.doesNotMatch(raw[0]!.text, new RegExp(`${inviteCaregiver.code}|Rosa|DAUGHTER`))

  const caregiver = actorWith('caregiver')
  assert.equal(await seen(caregiver, id), null)
  for (let n = 0; n < 2; n++) {
    const { acceptCaregiverInvitation } = await subgraph.data(caregiver, accept, { code: ` ${inviteCaregiver.code} ` })
    assert.deepEqual(acceptCaregiverInvitation, { delegation: { id: delegationId, scopes: ['VIEW', 'ORDER'], patient: { id } } })
  }
  assert.equal((await seen(caregiver, id)).id, id)
  assert.deepEqual((await subgraph.data(caregiver, '{ caredFor { patient { name { full } } scopes relationship } }')).caredFor, [{ patient: { name: { full: 'Ana Núñez' } }, scopes: ['VIEW', 'ORDER'], relationship: 'DAUGHTER' }])
  const { me } = await subgraph.data(actor, '{ me { caregivers { subject name scopes delegationId } caregiverInvitations { name } } }')
  assert.deepEqual(me, { caregivers: [{ subject: caregiver.subject, name: rosa.name, scopes: ['VIEW', 'ORDER'], delegationId }], caregiverInvitations: [] })
  assert.deepEqual(await told(delegationId), [{ delegationId, patientId: id, subject: caregiver.subject, scopes: ['VIEW', 'ORDER'], version: 1 }])
})

test('S23 what a caregiver is to the patient reads the same from rows of before it was sealed, and is sealed then', async () => {
  const { actor, id } = await registered(subgraph)
  const { actor: caregiver, delegationId } = await caregiverOf(subgraph, actor)
  await transact(subgraph.running.orm, async (em) => {
    const sealed = await services().vault.seal(em, id, { name: 'Rosa Núñez' })
    await em.execute("update delegation set sealed = ?, relationship = 'SISTER' where id = ?", [sealed, delegationId])
  })
  const shown = async () => {
    const { caregivers } = (await subgraph.data(actor, '{ me { caregivers { name relationship } } }')).me
    return [...caregivers, ...(await subgraph.data(caregiver, '{ caredFor { relationship } }')).caredFor]
  }
  const expected = [{ name: 'Rosa Núñez', relationship: 'SISTER' }, { relationship: 'SISTER' }]
  assert.deepEqual(await shown(), expected)
  await transact(subgraph.running.orm, (em) => sealRelationships.run(em, systemActor('patients'), { services: services(), logger: undefined as never }))
  assert.doesNotMatch(JSON.stringify(await subgraph.sql('select * from delegation where id = $1', [delegationId])), /SISTER/)
  assert.deepEqual(await shown(), expected)
})

test('S23 what a caregiver may do is what the patient lets them do at that moment', async () => {
  const { actor, id } = await registered(subgraph)
  const { actor: caregiver, delegationId } = await caregiverOf(subgraph, actor, ['VIEW'])
  const { postMessage } = await subgraph.data(actor, 'mutation { postMessage(input: { body: "Between us" }) { threadId } }')
  const thread = async (who: Actor) => (await subgraph.data(who, 'query ($t: ID!) { messageThread(id: $t) { messages(last: 1) { body authorRole } } }', { t: postMessage.threadId })).messageThread
  const write = (who: Actor) => subgraph.graph(who, 'mutation ($t: ID!) { postMessage(input: { threadId: $t, body: "For my mother" }) { authorRole } }', { t: postMessage.threadId })
  const scopes = (who: Actor, list: string[]) => subgraph.graph(who, 'mutation ($d: ID!, $s: [DelegationScope!]!) { changeCaregiverScopes(input: { delegationId: $d, scopes: $s }) { name scopes } }', { d: delegationId, s: list })

  assert.deepEqual(await seen(caregiver, id), { id, threads: { nodes: [] } })
  assert.equal(await thread(caregiver), null)
  assert.equal(codeOf(await write(caregiver)), 'NOT_FOUND')
  assert.equal(codeOf(await scopes(caregiver, ['MESSAGES'])), 'NOT_FOUND')
  assert.equal(codeOf(await scopes(actorWith('patient', { patientId: newId() }), ['MESSAGES'])), 'NOT_FOUND')

  assert.deepEqual((await scopes(actor, ['MESSAGES'])).data.changeCaregiverScopes, { name: rosa.name, scopes: ['VIEW', 'MESSAGES'] })
  assert.deepEqual(await thread(caregiver), { messages: [{ body: 'Between us', authorRole: 'patient' }] })
  assert.equal((await write(caregiver)).data.postMessage.authorRole, 'caregiver')
  assert.equal((await seen(caregiver, id)).threads.nodes.length, 1)
  for (const change of ['setConsent(input: { purpose: EXCHANGE, granted: true, policyVersion: "1" }) { version }', `addInsurancePolicy(input: { patientId: "${id}", payer: "x", memberId: "y" }) { id }`]) {
    assert.equal(codeOf(await subgraph.graph(caregiver, `mutation { ${change} }`)), change.startsWith('set') ? 'INVALID_INPUT' : 'FORBIDDEN')
  }

  const revoke = (who: Actor) => subgraph.graph(who, 'mutation ($d: ID!) { revokeCaregiver(input: { delegationId: $d }) { id } }', { d: delegationId })
  assert.equal(codeOf(await revoke(actorWith('caregiver'))), 'NOT_FOUND')
  for (let n = 0; n < 2; n++) assert.equal((await revoke(actor)).data.revokeCaregiver.id, delegationId)
  assert.equal(await seen(caregiver, id), null)
  assert.equal(await thread(caregiver), null)
  assert.equal(codeOf(await write(caregiver)), 'NOT_FOUND')
  assert.deepEqual((await subgraph.data(caregiver, '{ caredFor { id } }')).caredFor, [])
  assert.equal(codeOf(await scopes(actor, ['ORDER'])), 'TRANSITION_REFUSED')
  assert.deepEqual((await told(delegationId)).map(({ scopes: list, version }) => [list, version]), [[['VIEW'], 1], [['VIEW', 'MESSAGES'], 2], [[], 3]])
})

test('S23 an invitation is taken up once, by one person, in time; two at the same moment make one delegation', async () => {
  const { actor, id } = await registered(subgraph)
  const code = async () => (await subgraph.data(actor, invite, { i: rosa })).inviteCaregiver as { code: string; invitation: { delegationId: string } }
  const take = async (who: Actor, text: string) => (await subgraph.data(who, accept, { code: text })).acceptCaregiverInvitation
  const first = await code()
  const caregiver = actorWith('caregiver')
  await take(caregiver, first.code)
  assert.equal((await take(actorWith('caregiver'), first.code)).code, 'INVITATION_UNKNOWN')
  assert.equal((await take(caregiver, 'guess')).code, 'INVITATION_UNKNOWN')
  assert.equal((await take(caregiver, (await code()).code)).code, 'ALREADY_DELEGATED')

  const withdrawn = await code()
  await subgraph.data(actor, 'mutation ($d: ID!) { revokeCaregiver(input: { delegationId: $d }) { id } }', { d: withdrawn.invitation.delegationId })
  assert.equal((await take(actorWith('caregiver'), withdrawn.code)).code, 'INVITATION_UNKNOWN')
  assert.deepEqual(await told(withdrawn.invitation.delegationId), [])

  const [one, two, son] = [await code(), await code(), actorWith('caregiver')]
  const answers = await Promise.all([take(son, one.code), take(son, two.code)])
  assert.deepEqual(answers.map(({ code: refusal }) => refusal ?? 'taken').sort(), ['ALREADY_DELEGATED', 'taken'])

  const late = await code()
  try {
    clock.advance(8 * 24 * 60 * 60_000)
    assert.equal((await take(actorWith('caregiver'), late.code)).code, 'INVITATION_EXPIRED')
    assert.deepEqual((await subgraph.data(actor, '{ me { caregiverInvitations { delegationId } } }')).me.caregiverInvitations, [])
  } finally {
    clock.reset()
  }
  assert.equal((await seen(caregiver, id)).id, id)
  assert.equal(codeOf(await subgraph.graph(actorWith('patient', { patientId: newId() }), accept, { code: one.code })), 'FORBIDDEN')
})

test('S23 a caregiver may step back themselves', async () => {
  const { actor, id } = await registered(subgraph)
  const { actor: caregiver, delegationId } = await caregiverOf(subgraph, actor)
  await subgraph.data(caregiver, 'mutation ($d: ID!) { revokeCaregiver(input: { delegationId: $d }) { id } }', { d: delegationId })
  assert.equal(await seen(caregiver, id), null)
})

test('a delegation moves by its table only: every state, verb and role', () => {
  const roles = ['patient', 'caregiver', 'prescriber', 'technician', 'pharmacist', 'inventory', 'driver', 'support', 'compliance', 'partner', 'system'] as const satisfies Role[]
  const { table } = delegationLifecycle
  for (const state of Object.keys(table) as (keyof typeof table)[]) {
    for (const verb of ['accept', 'revoke']) {
      for (const role of roles) {
        const subject = { id: newId(), patientId: newId(), subject: null, status: state, expiresAt: null } as never as Parameters<typeof apply>[3]
        const walk = () => apply(subgraph.running.orm.em.fork(), actorWith(role), delegationLifecycle as never, subject, verb)
        const step = table[state][verb]
        if (!step) assert.throws(walk, { code: 'TRANSITION_REFUSED' })
        else if (!step.by.includes(role)) assert.throws(walk, { code: 'FORBIDDEN' })
        else assert.equal(walk().to, step.next)
      }
    }
  }
})

test('S19 S74 prescribers read and answer the threads about their own prescriptions, and no others', async () => {
  const { actor, id } = await registered(subgraph)
  const prescriber = actorWith('prescriber', { practitionerId: newId() })
  const prescriptionId = await prescribed(subgraph, id, prescriber.practitionerId)
  const open = (who: Actor, input: object) => subgraph.graph(who, 'mutation ($i: PostMessageInput!) { postMessage(input: $i) { threadId authorRole } }', { i: { body: 'A question', ...input } })
  const { threadId } = (await open(actor, { prescriptionId })).data.postMessage
  const other = (await open(actor, {})).data.postMessage.threadId
  const inbox = async (who: Actor) => (await subgraph.data(who, '{ messageThreads(first: 2) { nodes { id } } }')).messageThreads.nodes.map((node: { id: string }) => node.id)
  assert.deepEqual(await inbox(prescriber), [threadId])
  assert.deepEqual(await inbox(actorWith('prescriber', { practitionerId: newId() })), [])
  assert.deepEqual(await inbox(actorWith('pharmacist')), [other, threadId])
  assert.equal(codeOf(await subgraph.graph(actor, '{ messageThreads { nodes { id } } }')), 'FORBIDDEN')
  assert.equal((await open(prescriber, { threadId })).data.postMessage.authorRole, 'prescriber')
  assert.equal(codeOf(await open(prescriber, { threadId: other })), 'NOT_FOUND')
  const reference = async (who: Actor) => (await subgraph.data(who, 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on MessageThread { id lastMessageAt } } }', { r: [threadId, other].map((thread) => ({ __typename: 'MessageThread', id: thread })) }))._entities.map(Boolean)
  assert.deepEqual(await reference(prescriber), [true, false])
  assert.deepEqual(await reference(actorWith('prescriber', { practitionerId: newId() })), [false, false])

  // they know whom they wrote for; the record itself is not theirs
  const read = await subgraph.data(prescriber, 'query ($t: ID!) { messageThread(id: $t) { patientName { full } patient { id } messages { body } } }', { t: threadId })
  assert.deepEqual([read.messageThread.patientName, read.messageThread.patient, read.messageThread.messages.length], [{ full: 'Ana Núñez' }, null, 2])

  const stranger = await registered(subgraph)
  assert.equal(codeOf(await open(stranger.actor, { prescriptionId })), 'NOT_FOUND')
  assert.equal(codeOf(await open(actor, { prescriptionId: newId() })), 'NOT_FOUND')
})

test('S53 a payment card number is taken for one wherever people write, and is neither kept nor repeated', async () => {
  const { actor } = await registered(subgraph)
  for (const number of ['4242 4242 4242 4242', '5555-5555-5555-4444', '378282246310005', '6011111111111117']) {
    const answer = await subgraph.graph(actor, 'mutation ($b: String!) { postMessage(input: { body: $b }) { id } }', { b: `please use ${number}, thanks` })
    assert.deepEqual([codeOf(answer), answer.errors?.[0]?.extensions['field']], ['INVALID_INPUT', 'body'])
    assert.doesNotMatch(JSON.stringify(answer), /4242|5555|3782|6011/)
  }
  for (const harmless of ['4242 4242 4242 4243', 'call 415-555-0199 or 415-555-0198', 'NDC 00591-0369-01']) await subgraph.data(actor, 'mutation ($b: String!) { postMessage(input: { body: $b }) { id } }', { b: harmless })
})
