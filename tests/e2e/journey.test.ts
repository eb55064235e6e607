import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GraphClient } from '@pharmagraph/sdk'
import { people } from '../../dev/src/identity/people.ts'
import { signIn } from '../../dev/src/identity/sign-in.ts'
import { expectedStatuses, playJourney, until, type JourneyResult } from '../../dev/src/journey/journey.ts'
import { startStack } from '../../dev/src/stack/stack.ts'

const dataDir = await mkdtemp(join(tmpdir(), 'pharmagraph-e2e-'))
const stack = await startStack({ dataDir, ports: 'free', seed: true, log: 'file', supervise: false, durable: false })
after(async () => {
  await stack.stop()
  await rm(dataDir, { recursive: true, force: true })
})

let delivered: JourneyResult | undefined

test('S18 S59 S66 an order goes from prescription to doorstep, and everybody sees what they must', { timeout: 180_000 }, async () => {
  const result = (delivered = await playJourney(stack))
  assert.deepEqual(result.statusesPushed, expectedStatuses)
  assert.ok(result.auditEntries > expectedStatuses.length)
})

test('a recall is traced through the gateway to the person who has the medicine, who is told without a word of it; whoever reaches them notes that they know', { timeout: 120_000 }, async () => {
  assert.ok(delivered, 'an order was delivered')
  const { patientId, orderId } = delivered
  const { accessToken } = await signIn(stack.issuer, people.grace, { clientId: 'staff', otp: true })
  const grace = new GraphClient(stack, 'staff', accessToken)
  const { drugs } = await grace.run('SearchDrugs', { search: 'sertraline 50', first: 1 })
  const { inventory } = await grace.run('Inventory', { drugId: drugs.nodes[0].id, first: 1 })
  const { recallLots } = await grace.run('RecallLots', { input: { reference: 'D-0001-2026', ndcs: [inventory.nodes[0].ndc], lotNumbers: [], allLots: true, recallClass: 'II', reason: 'subpotent' } })
  assert.equal(recallLots.__typename, 'RecallPayload', JSON.stringify(recallLots))
  const id: string = recallLots.recall.id
  const read = async () => (await grace.run('RecallPage', { id })).recall
  const fill = await until('the message to go out', async () => {
    const recall = await read()
    const [found] = recall.affectedFills.filter((one: { patient: { id: string } }) => one.patient.id === patientId)
    return recall.progress.notified === recall.progress.patients && found
  })
  assert.equal(fill.order.id, orderId)
  assert.match(fill.patient.name.full, /Lindqvist/)
  assert.ok(fill.fillId && fill.shippedAt)
  const letters = (await (await fetch(`${stack.sandboxes.mail}/messages.json?to=${encodeURIComponent(fill.patient.email)}`)).json()) as unknown
  assert.match(JSON.stringify(letters), /Please read a safety notice/)
  assert.doesNotMatch(JSON.stringify(letters), /sertraline|subpotent/i)
  const { answerRecallNotice } = await grace.run('AnswerRecallNotice', { input: { noticeId: fill.notice.id, verb: 'acknowledge' } })
  assert.equal(answerRecallNotice.notice.status, 'ACKNOWLEDGED')
  assert.equal((await read()).progress.acknowledged, 1)
})
