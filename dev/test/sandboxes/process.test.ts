import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import type Stripe from 'stripe'
import { eventually, post, receiver, stripeClient, temporaryFolder, WEBHOOK_SECRET } from './support.ts'

const MAIN = join(import.meta.dirname, '../../src/sandboxes/main.ts')

interface Running {
  process: ChildProcess
  urls: { ready: string; stripe: string; erx: string; carrier: string; mail: string }
}

async function run(t: TestContext, env: Record<string, string>): Promise<Running> {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env['PATH'], STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET, ERX_WEBHOOK_SECRET: 'e', CARRIER_WEBHOOK_SECRET: 'c', ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return { process: child, urls: JSON.parse(line) }
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const ended = once(child, 'exit')
  child.kill(signal)
  return ((await ended) as [number | null])[0]
}

test('the four sandboxes start in one process, say where, are healthy and have a page, and stop when told', async (t) => {
  const { process: child, urls } = await run(t, { DATA_DIR: temporaryFolder(t) })
  const { ready, ...addresses } = urls
  assert.equal(ready, 'sandboxes')
  assert.deepEqual(Object.keys(addresses).sort(), ['carrier', 'erx', 'mail', 'stripe'])
  for (const [name, url] of Object.entries(addresses)) {
    const health = (await (await fetch(`${url}/health`)).json()) as object
    assert.deepEqual(health, { status: 'ok', sandbox: name, pendingDeliveries: 0 })
    const page = await fetch(url)
    assert.match(page.headers.get('content-type') ?? '', /text\/html/)
    assert.match(await page.text(), new RegExp(`<h1>${name} sandbox</h1>`))
  }
  assert.equal(await kill(child, 'SIGTERM'), 0)
})

test('a process killed while calls and deliveries are under way loses nothing it had acknowledged', async (t) => {
  const pharmacy = await receiver(t)
  pharmacy.answer = () => 503 // nothing is delivered before the kill
  const env = { DATA_DIR: temporaryFolder(t), PUBLIC_URL: pharmacy.url }
  const first = await run(t, env)
  const stripe = stripeClient(first.urls.stripe, { maxNetworkRetries: 0 })
  const acknowledged = new Map<string, string>()
  let killed = false
  const pay = async (n: number): Promise<void> => {
    while (!killed) {
      const key = `${n}-${acknowledged.size}-${Math.random()}`
      const params: Stripe.PaymentIntentCreateParams = { amount: 1000 + n, currency: 'usd', allowed_payment_method_types: ['card'], payment_method: 'pm_card_visa', confirm: true }
      const intent = await stripe.paymentIntents.create(params, { idempotencyKey: key }).catch(() => undefined)
      if (intent) acknowledged.set(key, intent.id)
    }
  }
  const payers = [1, 2, 3, 4].map(pay)
  const mail = await post(`${first.urls.mail}/messages`, { channel: 'email', to: 'a@example.com', text: 'hello' })
  await eventually('some payments', () => acknowledged.size >= 40)
  await kill(first.process, 'SIGKILL')
  killed = true
  await Promise.all(payers)

  pharmacy.answer = () => 200
  pharmacy.received.length = 0
  const second = await run(t, env)
  const again = stripeClient(second.urls.stripe)
  for (const id of acknowledged.values()) assert.equal((await again.paymentIntents.retrieve(id)).status, 'succeeded')
  const announced = await eventually('every payment is announced', () => {
    const ids = new Set(
      pharmacy.received
        .map(({ body }) => JSON.parse(body) as Stripe.Event)
        .filter((event) => event.type === 'payment_intent.succeeded')
        .map((event) => (event.data.object as Stripe.PaymentIntent).id),
    )
    return [...acknowledged.values()].every((id) => ids.has(id)) && ids
  })
  assert.ok(announced.size >= acknowledged.size)
  const [[key, id] = ['', '']] = acknowledged
  const [n = ''] = key.split('-')
  const replayed = await again.paymentIntents.create(
    { amount: 1000 + Number(n), currency: 'usd', allowed_payment_method_types: ['card'], payment_method: 'pm_card_visa', confirm: true },
    { idempotencyKey: key },
  )
  assert.equal(replayed.id, id)
  const { messages } = (await (await fetch(`${second.urls.mail}/messages.json`)).json()) as { messages: { id: string }[] }
  assert.equal(messages[0]?.id, mail.json.id)
})
