import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { AppError } from '@pharmagraph/platform/errors.ts'
import { sendRefusal, type Exchange } from '../src/http/exchange.ts'
import { createRouter } from '../src/http/router.ts'
import { webAppRoutes } from '../src/http/web-app.ts'
import { readManifest } from '../src/operations/manifest.ts'

const manifest = readManifest(resolve(import.meta.dirname, '../../schema/operations'))
const find = createRouter(webAppRoutes('https://id.example/realm', manifest))
const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://gateway')
  const refuse = (error: unknown) => sendRefusal(response, error as AppError)
  try {
    void find('GET', url.pathname).route.handle({ request, response, url, params: {} } as unknown as Exchange).catch(refuse)
  } catch (error) {
    refuse(error)
  }
})
await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
const get = (path: string) => fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)
test.after(() => server.close())

test('the web client is served with its modules, under a policy that lets nothing else in', async () => {
  const page = await get('/app/')
  assert.equal(page.status, 200)
  assert.match(page.headers.get('content-security-policy')!, /^default-src 'self'; connect-src 'self' ws: wss: https:\/\/id\.example;/)
  const html = await page.text()
  for (const [, path] of html.matchAll(/(?:src|href)="([\w./]+)"/g)) assert.equal((await get(`/app/${path}`)).status, 200, path)
  assert.doesNotMatch(html, /<script(?! type="module" src=)|style=|https?:/)
  assert.equal((await get('/app/src/main.js')).headers.get('content-type'), 'text/javascript; charset=utf-8')
  const library = await get('/app/packages/graphql-ws/client.js')
  const [, shared] = /from '\.\/(common-[\w-]+\.js)'/.exec(await library.text())!
  assert.equal((await get(`/app/packages/graphql-ws/${shared}`)).status, 200)
})

test('the configuration names the issuer and the ids of the operations, of no application but its own', async () => {
  const config = (await (await get('/app/config.json')).json()) as { issuer: string; clients: Record<string, { scope: string; operations: Record<string, string> }> }
  assert.deepEqual([config.issuer, Object.keys(config.clients), config.clients['web']!.scope], ['https://id.example/realm', ['web', 'staff'], 'patient'])
  for (const { clientName, name, id } of manifest.operations) assert.equal(config.clients[clientName]?.operations[name], ['web', 'staff'].includes(clientName) ? id : undefined)
})

test('nothing but the client is served there', async () => {
  for (const path of ['/app/tsconfig.json', '/app/test/web.test.ts', '/app/../package.json', '/app/src/%2e%2e/%2e%2e/package.json', '/app/packages/graphql-ws/server.js', '/app/packages/ws/index.js', '/app/src/nothing.js']) {
    assert.equal((await get(path)).status, 404, path)
  }
})
