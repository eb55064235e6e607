import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime'
import { unifiedGraphHandler } from '@graphql-hive/router-runtime'
import { GraphClient } from '@pharmagraph/sdk'
import { actorHeader } from '@pharmagraph/platform/actor.ts'
import { readManifest } from '../../gateway/src/operations/manifest.ts'
import { createRevocations } from '../../gateway/src/identity/revocations.ts'
import { createSessions } from '../../gateway/src/identity/sessions.ts'
import { people } from '../../dev/src/identity/people.ts'
import { signIn } from '../../dev/src/identity/sign-in.ts'
import { expectedStatuses, playJourney } from '../../dev/src/journey/journey.ts'
import { loadSecrets } from '../../dev/src/stack/secrets.ts'
import { hiveTransports } from '../hive.ts'
import { sharedStack } from '../stack.ts'

const schemaFolder = resolve(import.meta.dirname, '../../schema')
const { stack, dataDir } = await sharedStack()

/** Another maker's gateway over our supergraph. All it must do that is ours: say who asks, in a signed actor. */
async function startOther(planner: object): Promise<{ url: string; stop(): Promise<void> }> {
  // its logger knows other levels than ours and refuses to start on one it does not know
  process.env['LOG_LEVEL'] = 'error'
  const sdl = readFileSync(join(schemaFolder, 'supergraph.graphql'), 'utf8').replace(/(@join__graph\(name: "(\w+)", url: )"[^"]*"/g, (_all, start: string, name: string) => `${start}"${stack.urls[name] ?? 'http://127.0.0.1:9/graphql'}"`)
  const texts = new Map(readManifest(join(schemaFolder, 'operations')).operations.map(({ id, body }) => [id, body]))
  const sessions = createSessions({ issuer: stack.issuer, audience: 'pharmagraph', signingKey: (await loadSecrets(dataDir)).actorPrivateJwk, revocations: createRevocations() })
  const gateway = createGatewayRuntime({
    supergraph: sdl, ...planner, logging: false, landingPage: false, maskedErrors: false,
    transports: hiveTransports(),
    persistedDocuments: { getPersistedOperation: (id: string) => texts.get(id) ?? null },
    propagateHeaders: { fromClientToSubgraphs: async ({ request }) => ({ [actorHeader]: await (await sessions.open(request.headers.get('authorization') ?? undefined)).actorToken() }) },
  })
  const server = createServer(gateway as unknown as RequestListener)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    async stop() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
      await gateway[Symbol.asyncDispose]()
    },
  }
}

const rust = await startOther({ unifiedGraphHandler })
const plain = await startOther({})
after(async () => {
  await rust.stop()
  await plain.stop()
})

test('the whole journey runs with its queries and mutations through another federation gateway', { timeout: 200_000 }, async () => {
  const { statusesPushed } = await playJourney({ ...stack, issuer: stack.issuer, sandboxes: stack.sandboxes, wsUrl: stack.wsUrl, gatewayUrl: rust.url })
  assert.deepEqual(statusesPushed, expectedStatuses)
})

test('other gateways, with a planner of their own each, answer what ours answers', { timeout: 60_000 }, async () => {
  const patient = (await signIn(stack.issuer, people.james)).accessToken
  const staff = (await signIn(stack.issuer, people.nora, { clientId: 'staff' })).accessToken
  const asked: [app: 'web' | 'staff', name: string, variables: object, token: string | undefined][] = [
    ['web', 'SearchDrugs', { search: 'lisinopril', first: 3 }, undefined],
    ['web', 'Me', {}, patient],
    ['web', 'MyOrders', { first: 5 }, patient],
    ['web', 'MyPrescriptions', { filter: 'ALL', first: 5 }, patient],
    ['staff', 'Orders', { first: 5 }, staff],
    ['staff', 'WorkQueue', { name: 'VERIFICATION', first: 5 }, staff],
  ]
  for (const [app, name, variables, token] of asked) {
    const [ours, ...others] = await Promise.all([stack.gatewayUrl, rust.url, plain.url].map((gatewayUrl) => new GraphClient({ gatewayUrl, wsUrl: stack.wsUrl }, app, token).ask(name, { ...variables })))
    assert.equal(ours!.errors, undefined, `${name}: ${JSON.stringify(ours!.errors)}`)
    for (const other of others) assert.deepEqual(JSON.parse(JSON.stringify(other)), ours, name)
  }
})

test('without the signed actor a subgraph answers nothing, whatever gateway asks', async () => {
  const response = await fetch(stack.urls['orders']!, { method: 'POST', headers: { 'content-type': 'application/json', [actorHeader]: 'forged' }, body: '{"query":"{ __typename }"}' })
  assert.equal(response.status, 401)
})
