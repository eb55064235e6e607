import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { resolve } from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import { newId, signActor } from '@pharmagraph/platform'
import { stripeSignature } from '../../../dev/src/sandboxes/stripe/server.ts'
import { actorWith, scratchBroker, scratchDatabase, scratchServer } from '../../../tests/environment.ts'

const webhookSecret = 'whsec_test'
const [server, broker] = await Promise.all([scratchServer(), scratchBroker()])
const database = await scratchDatabase(server, 'orders')
const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
const child = spawn(process.execPath, [resolve(import.meta.dirname, '../src/main.ts')], {
  stdio: ['ignore', 'pipe', 'pipe'],
  env: {
    PATH: process.env['PATH'], PORT: '0', LOG_LEVEL: 'trace', DATABASE_URL: database.url, NATS_URL: broker.url, ACTOR_PUBLIC_JWK: JSON.stringify(await exportJWK(publicKey)),
    KEK: Buffer.alloc(32, 1).toString('base64'), STRIPE_API_KEY: 'sk_test_local', STRIPE_WEBHOOK_SECRET: webhookSecret, STRIPE_API_BASE: 'http://127.0.0.1:1',
  },
})
let log = ''
child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()))
after(async () => {
  if (child.exitCode === null) {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  await broker.stop()
  await database.drop()
  await server.stop()
})
const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), once(child, 'exit').then(() => assert.fail(log))])) as [string]
const { url } = JSON.parse(line) as { url: string }

test('S43 the service takes webhooks signed with the secret, within five minutes, once', async () => {
  const body = JSON.stringify({ id: 'evt_1', object: 'event', type: 'charge.dispute.created', data: { object: { id: 'du_1', object: 'dispute' } } })
  const post = (signature: string) => fetch(new URL('/webhooks/stripe', url), { method: 'POST', headers: { 'stripe-signature': signature, 'content-type': 'application/json' }, body })
  const now = Math.floor(Date.now() / 1000)
  assert.equal((await post(stripeSignature(body, webhookSecret))).status, 200)
  assert.equal((await post(stripeSignature(body, webhookSecret, now - 200))).status, 200)
  assert.equal((await post(stripeSignature(body, webhookSecret, now - 400))).status, 401)
  assert.equal((await post(stripeSignature(body, 'whsec_other'))).status, 401)
  assert.equal((await post(stripeSignature(`${body} `, webhookSecret))).status, 401)
})

test('S53 a card number sent by mistake is refused and appears nowhere in the log', async () => {
  const token = await signActor(actorWith('patient', { patientId: newId() }), await exportJWK(privateKey), Math.floor(Date.now() / 1000) + 60)
  const number = '4000056655665556'
  const send = async (variables: object) => {
    const query = 'mutation ($input: PayOrderInput!) { payOrder(input: $input) { ... on Problem { code } } }'
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', 'x-actor': token }, body: JSON.stringify({ query, variables }) })
    return (await response.json()) as { data?: { payOrder: { code: string } } }
  }
  assert.equal((await send({ input: { orderId: newId(), paymentMethodId: number } })).data?.payOrder.code, 'CARD_DATA_REFUSED')
  await send({ input: { orderId: number, paymentMethodId: Number(number) } })
  child.kill('SIGTERM')
  await once(child, 'exit')
  assert.ok(log.length > 0 && !log.includes(number), 'the log holds the number')
})
