/** A gateway with all it needs around it, in this process: issuer, broker, subgraphs. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createClient, type Client } from 'graphql-ws'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { WebSocket } from 'ws'
import { startNats, type Nats } from '../../../dev/src/stack/nats.ts'
import { newId } from '@pharmagraph/platform/ids.ts'
import { connectBroker, type Broker } from '@pharmagraph/platform/nats.ts'
import { startGateway, type GatewayOptions, type RunningGateway } from '../../src/gateway.ts'
import { startIssuer, type Claims, type Issuer } from './issuer.ts'
import { emptyData, startSubgraph, type Data, type Subgraph } from './subgraphs.ts'

const schemaFolder = resolve(import.meta.dirname, '../../../schema')
const names = ['patients', 'prescriptions', 'catalog', 'inventory', 'orders', 'logistics', 'audit'] as const
type Name = (typeof names)[number]

export type World = {
  readonly data: Data
  readonly issuer: Issuer
  readonly nats: Nats
  readonly subgraphs: Record<Name, Subgraph>
  readonly actorPublicJwk: JWK
  readonly supergraphFile: string
  gateway: RunningGateway
  /** Starts another gateway of the same settings. */
  startGateway(more?: Partial<GatewayOptions>): Promise<RunningGateway>
  graphql(body: Record<string, unknown>, token?: string, headers?: Record<string, string>): Promise<{ status: number; headers: Headers; body: Answer }>
  /** Publishes an event as a subgraph's relay does; resolves with its sequence. */
  publish(type: string, data: Record<string, unknown>): Promise<number>
  /** A real graphql-ws client. */
  client(token?: string, gateway?: RunningGateway): Client & { closed: Promise<{ code: number; reason: string }> }
  stop(): Promise<void>
}
export type Answer = { data?: Record<string, any> | null; errors?: { message: string; path?: (string | number)[]; extensions: Record<string, any> }[] }

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** `edit` changes the supergraph that the gateway reads. */
export async function startWorld(options: Partial<GatewayOptions> = {}, edit: (sdl: string) => string = (sdl) => sdl): Promise<World> {
  process.env['LOG_LEVEL'] ??= 'silent'
  const folder = mkdtempSync(join(tmpdir(), 'gateway-test-'))
  const supergraphFile = join(folder, 'supergraph.graphql')
  writeFileSync(supergraphFile, edit(readFileSync(join(schemaFolder, 'supergraph.graphql'), 'utf8')))
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const [actorPrivateJwk, actorPublicJwk] = await Promise.all([exportJWK(privateKey), exportJWK(publicKey)])
  const data = emptyData()
  const [issuer, nats] = await Promise.all([startIssuer(), startNats({ storeDir: join(folder, 'nats'), port: await freePort() })])
  const subgraphs = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await startSubgraph(name, data, actorPublicJwk)]))) as Record<Name, Subgraph>
  const broker: Broker = await connectBroker(nats.url, 'test')

  const start = (more: Partial<GatewayOptions> = {}): Promise<RunningGateway> =>
    startGateway({
      port: 0, host: '127.0.0.1', issuer: issuer.url, audience: 'pharmagraph', natsUrl: nats.url, actorPrivateJwk, supergraphFile,
      operationsFolder: join(schemaFolder, 'operations'), addressOf: (service) => subgraphs[service as Name]?.url, introspection: true, corsOrigins: [], drainMs: 200,
      ...options, ...more,
    })

  const world: World = {
    data, issuer, nats, subgraphs, actorPublicJwk, supergraphFile,
    gateway: await start(),
    startGateway: start,
    async graphql(body, token, headers = {}) {
      const response = await fetch(world.gateway.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }), ...headers },
        body: JSON.stringify(body),
      })
      return { status: response.status, headers: response.headers, body: (await response.json()) as Answer }
    },
    async publish(type, data) {
      const id = newId()
      const event = {
        specversion: '1.0', id, source: type.split('.')[0], type, subject: 'aggregate', time: new Date().toISOString(), datacontenttype: 'application/json',
        actor: 'system:test', actorrole: 'system', correlationid: newId(), data,
      }
      for (;;) {
        try {
          // the same message id makes a repeat harmless when only the acknowledgement was lost
          return (await broker.jetstream.publish(`events.${type}.aggregate`, JSON.stringify(event), { msgID: id, timeout: 500 })).seq
        } catch (error) {
          if (broker.connection.isClosed()) throw error
        }
      }
    },
    client(token, gateway = world.gateway) {
      const closed = Promise.withResolvers<{ code: number; reason: string }>()
      const client = createClient({
        url: gateway.url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0,
        connectionParams: token ? { authorization: `Bearer ${token}` } : {},
        on: { closed: (event) => closed.resolve(event as { code: number; reason: string }) },
      })
      return Object.assign(client, { closed: closed.promise })
    },
    async stop() {
      await world.gateway.stop()
      await broker.connection.close()
      await Promise.all([issuer.stop(), nats.stop(), ...Object.values(subgraphs).map((subgraph) => subgraph.stop())])
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await until(() => world.gateway.live().following)
  return world
}

/** Polls until the condition holds; fails after `ms`. */
export async function until(condition: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const deadline = Date.now() + ms
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`it did not come to pass within ${ms} ms: ${String(condition)}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Reads the next `count` results of a subscription, failing when they do not come in time. */
export async function take(events: AsyncIterator<unknown>, count: number, ms = 5_000): Promise<Answer[]> {
  const results: Answer[] = []
  while (results.length < count) {
    const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`only ${results.length} of ${count} results came within ${ms} ms`)), ms).unref())
    const { done, value } = await Promise.race([events.next(), late])
    if (done) throw new Error(`the subscription ended after ${results.length} of ${count} results`)
    results.push(value as Answer)
  }
  return results
}

export const personas = {
  patient: (id = 'p1'): Claims => ({ sub: `patient-${id}`, roles: ['patient'], patient_id: id }),
  technician: { sub: 'tech', roles: ['technician'], technician_id: 't1', client_id: 'staff' } satisfies Claims,
  pharmacist: { sub: 'pharm', roles: ['pharmacist'], pharmacist_id: 'ph1', client_id: 'staff', amr: ['pwd', 'otp'] } satisfies Claims,
  partner: { sub: 'clinic', roles: ['partner', 'prescriber'], client_id: 'partner-clinic', practitioner_id: 'pr1' } satisfies Claims,
}
