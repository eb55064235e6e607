import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import Stripe from 'stripe'
import { startStripeSandbox, type StripeSandboxOptions } from '../../src/sandboxes/stripe/server.ts'

export const FAST = { firstMs: 20, maxMs: 100 }
export const WEBHOOK_SECRET = 'whsec_test'

/** Samples other people wrote, kept outside the project: REAL_DATA_DIR, or shared/data beside the repository. */
const samples = process.env['REAL_DATA_DIR'] ?? resolve(import.meta.dirname, '../../../../shared/data')

/** `skip` of a test that reads a sample: false where it is there, else the reason. */
export const without = (sample: string): string | false => (existsSync(join(samples, sample)) ? false : `no sample ${sample}: set REAL_DATA_DIR`)

export const readSample = (sample: string): string => readFileSync(join(samples, sample), 'utf8')

/** A folder that goes with the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sandboxes-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Asks again until `probe` gives something, for at most ten seconds. */
export async function eventually<T>(what: string, probe: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const found = await probe()
    if (found !== undefined && found !== false) return found as T
    if (Date.now() > deadline) assert.fail(`not within ten seconds: ${what}`)
    await wait(10)
  }
}

export interface Received {
  path: string
  headers: Record<string, string>
  body: string
}

export interface Receiver {
  url: string
  received: Received[]
  /** How to answer: a status, with or without a body. 200 by default. */
  answer: (request: Received) => number | { status: number; body: string }
  close(): Promise<void>
}

/** A server that keeps what is posted to it: the pharmacy's side of a webhook. */
export async function receiver(t: TestContext, port = 0): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      const call = { path: request.url ?? '', headers: request.headers as Record<string, string>, body }
      received.push(call)
      const answer = self.answer(call)
      const { status, body: text } = typeof answer === 'number' ? { status: answer, body: '' } : answer
      response.writeHead(status).end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const self: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer: () => 200,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  t.after(() => self.close())
  return self
}

export async function post(url: string, body: object = {}, headers: Record<string, string> = {}): Promise<{ status: number; json: any }> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })
  const text = await response.text()
  return { status: response.status, json: text && JSON.parse(text) }
}

/** The real client of Stripe, pointed at `url`. */
export function stripeClient(url: string, config: Stripe.StripeConfig = {}): Stripe {
  const { hostname, port } = new URL(url)
  return new Stripe('sk_test_pharmacy', { host: hostname, port, protocol: 'http', telemetry: false, ...config })
}

/** A payments sandbox and the real client for it, both gone after the test. */
export async function stripeSandbox(t: TestContext, options: Partial<StripeSandboxOptions> = {}): Promise<{ url: string; stripe: Stripe }> {
  const sandbox = await startStripeSandbox({ dataDir: temporaryFolder(t), webhookSecret: WEBHOOK_SECRET, backoff: FAST, ...options })
  t.after(() => sandbox.close())
  return { url: sandbox.url, stripe: stripeClient(sandbox.url) }
}
