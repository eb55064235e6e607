/** Small subgraphs in this process: the real schemas over plain data, with the owners' row rules. */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { GraphQLError, graphql, parse, type GraphQLSchema } from 'graphql'
import type { JWK } from 'jose'
import { actorHeader, actorVerifier, isStaff, type Actor } from '@pharmagraph/platform/actor.ts'

export type Row = Record<string, unknown> & { id: string }
export type Data = { orders: Map<string, Row>; shipments: Map<string, Row>; drugs: Map<string, Row>; patients: Map<string, Row>; workItems: Map<string, Row>; prescriptions: Map<string, Row>; threads: Map<string, Row> }
export type Received = { method: string; url: string; headers: IncomingMessage['headers']; body: Buffer }

export type Subgraph = {
  readonly name: string
  readonly url: string
  /** GraphQL requests and plain HTTP messages, as they came. */
  readonly received: Received[]
  /** Milliseconds before each GraphQL answer. */
  delay: number
  /** Answers plain HTTP messages. */
  answer: { status: number; body: string; contentType: string }
  /** As after a crash: connections are cut and none accepted, until `start`. */
  stop(): Promise<void>
  start(): Promise<void>
}

const schemaFolder = resolve(import.meta.dirname, '../../../schema/subgraphs')
type Context = { actor: Actor }

export function emptyData(): Data {
  return { orders: new Map(), shipments: new Map(), drugs: new Map(), patients: new Map(), workItems: new Map(), prescriptions: new Map(), threads: new Map() }
}

/** An order of a patient; everything the schema demands has a value. */
export const anOrder = (id: string, patientId: string, more: Record<string, unknown> = {}): Row => ({
  id, patientId, number: `PG-${id}`, status: 'CHECKOUT_STARTED', paymentStatus: 'NOT_STARTED', lines: [], trackingNumber: null, history: [], allowedActions: [],
  ...Object.fromEntries(['subtotal', 'tax', 'shipping', 'totalAmount'].map((name) => [name, { amountMinor: 100, currency: 'USD' }])),
  createdAt: '2026-01-01T00:00:00Z', updatedAt: '2026-01-01T00:00:00Z', ...more,
})

export const aDrug = (id: string, name: string): Row => ({
  id, name, ndc: '0000-0001-01', ndc11: '00000000101', ndc12: '000000000101', gtin: '00300000000001', genericName: name, manufacturer: 'Acme', description: 'A drug', activeIngredients: [], dosageForm: 'TABLET',
  route: 'ORAL', strength: '10 mg', deaSchedule: 'NONE', rxOnly: true, packageSize: 30, dispensingUnit: 'TABLET', packageDescription: '30 tablets', storageClass: 'CRT', sideEffects: [], equivalents: [], interactions: [],
  price: { perPackage: { amountMinor: 1200, currency: 'USD' }, perUnit: { amountMinor: 40, currency: 'USD' }, since: '2026-01-01T00:00:00Z' },
})

const mine = (actor: Actor, row: Row | undefined): Row | null => (row && (isStaff(actor) || row['patientId'] === actor.patientId) ? row : null)
const page = (nodes: unknown[]) => ({ nodes, edges: nodes.map((node) => ({ cursor: 'x', node })), pageInfo: { hasNextPage: false, endCursor: null } })
const named = (type: string, value: unknown) => ({ __resolveType: () => type, ...(value as object) })

function resolversOf(name: string, data: Data): Record<string, Record<string, unknown>> {
  switch (name) {
    case 'orders':
      return {
        Query: {
          order: (_: unknown, { id }: { id: string }, { actor }: Context) => mine(actor, data.orders.get(id)),
          orders: () => page([...data.orders.values()]),
          cart: () => null,
        },
        Mutation: {
          cancelOrder: (_: unknown, { input }: { input: { orderId: string } }, { actor }: Context) => {
            const order = mine(actor, data.orders.get(input.orderId))
            if (!order) throw new GraphQLError('no such order', { extensions: { code: 'NOT_FOUND' } })
            order['status'] = 'CANCELLED'
            return named('OrderPayload', { order })
          },
          checkout: (_: unknown, { input }: { input: { cartId: string } }) => named('InvalidInput', { code: 'INVALID_INPUT', message: `there is no cart ${input.cartId}`, field: 'cartId' }),
        },
        Order: {
          __resolveReference: ({ id }: Row, { actor }: Context) => mine(actor, data.orders.get(id)),
          patient: ({ patientId }: Row) => ({ id: patientId }),
        },
        Patient: { orders: ({ id }: Row) => page([...data.orders.values()].filter(({ patientId }) => patientId === id)) },
        ...resultTypes(['CheckoutResult', 'OrderResult', 'CartResult']),
      }
    case 'logistics':
      return {
        Query: { shipment: (_: unknown, { id }: { id: string }, { actor }: Context) => mine(actor, data.shipments.get(id)) },
        Order: { shipment: ({ id }: Row, _: unknown, { actor }: Context) => mine(actor, [...data.shipments.values()].find(({ orderId }) => orderId === id)), trackingNumber: () => 'TRACK-1' },
        Shipment: { __resolveReference: ({ id }: Row, { actor }: Context) => mine(actor, data.shipments.get(id)), order: ({ orderId }: Row) => ({ id: orderId }) },
        ...resultTypes(['AddAddressResult', 'ShipmentResult', 'RouteResult', 'DeliveryResult']),
      }
    case 'catalog':
      return {
        Query: {
          drug: (_: unknown, { id }: { id: string }) => data.drugs.get(id) ?? null,
          drugs: (_: unknown, { search = '' }: { search?: string }) => page([...data.drugs.values()].filter((drug) => String(drug['name']).includes(search))),
        },
        Drug: { __resolveReference: ({ id }: Row) => data.drugs.get(id) ?? null },
      }
    case 'inventory':
      return {
        Query: { inventory: () => page([]), locations: () => [] },
        Drug: {
          availability: () => ({ status: 'IN_STOCK', quantityAvailable: 12, asOf: '2026-01-01T00:00:00Z' }),
          stockAlert: (_: unknown, __: unknown, { actor }: Context) => (isStaff(actor) ? { position: 3, reorderPoint: 10, suggestedQuantity: 50, since: '2026-01-01T00:00:00Z' } : null),
        },
        Order: { reservations: () => [] },
        Mutation: { adjustInventory: (_: unknown, { input }: { input: { lotId: string } }) => named('InsufficientStock', { code: 'INSUFFICIENT_STOCK', message: 'not that many', available: 1, requested: 5, lotId: input.lotId }) },
        ...resultTypes(['ReceiveStockResult', 'AdjustInventoryResult', 'ChangeLotStatusResult']),
      }
    case 'prescriptions':
      return {
        Query: {
          prescription: (_: unknown, { id }: { id: string }, { actor }: Context) => mine(actor, data.prescriptions.get(id)),
          workQueue: (_: unknown, { name }: { name: string }) => ({ name }),
        },
        WorkQueue: {
          __resolveReference: ({ name }: { name: string }) => ({ name }),
          depth: ({ name }: { name: string }) => [...data.workItems.values()].filter(({ queue }) => queue === name).length,
          items: ({ name }: { name: string }) => page([...data.workItems.values()].filter(({ queue }) => queue === name)),
        },
        WorkItem: { __resolveReference: ({ id }: Row) => data.workItems.get(id) ?? null },
        Prescription: { __resolveReference: ({ id }: Row, { actor }: Context) => mine(actor, data.prescriptions.get(id)) },
        Patient: { prescriptions: ({ id }: Row) => page([...data.prescriptions.values()].filter(({ patientId }) => patientId === id)) },
        Order: { fills: () => [] },
        ...resultTypes(['PrescriptionResult', 'VerifyPrescriptionResult', 'SubmitPrescriptionResult', 'ScanFillResult', 'FillResult', 'WorkClaimResult', 'WorkItemResult']),
      }
    case 'patients':
      return {
        Query: {
          me: (_: unknown, __: unknown, { actor }: Context) => (actor.patientId ? (data.patients.get(actor.patientId) ?? null) : null),
          patient: (_: unknown, { id }: { id: string }, { actor }: Context) => (isStaff(actor) || actor.patientId === id ? (data.patients.get(id) ?? null) : null),
        },
        Mutation: {
          registerPatient: (_: unknown, { input }: { input: Record<string, string> }, { actor }: Context) => {
            const patient = { id: actor.patientId!, name: { given: input['given'], family: input['family'], full: `${input['given']} ${input['family']}` }, consents: [] }
            data.patients.set(patient.id, patient)
            return named('RegisterPatientPayload', { patient })
          },
        },
        Patient: { __resolveReference: ({ id }: Row, { actor }: Context) => (isStaff(actor) || actor.patientId === id ? (data.patients.get(id) ?? null) : null) },
        MessageThread: {
          __resolveReference: ({ id }: Row, { actor }: Context) => mine(actor, data.threads.get(id)),
          messages: ({ messages }: Row, { last }: { last?: number }) => (messages as unknown[]).slice(-(last ?? 100)),
        },
        ...resultTypes(['RegisterPatientResult']),
      }
    default:
      return {}
  }
}

const resultTypes = (names: string[]) => Object.fromEntries([...names, 'Problem'].map((name) => [name, { __resolveType: (value: { __resolveType(): string }) => value.__resolveType() }]))

export async function startSubgraph(name: string, data: Data, publicJwk: JWK): Promise<Subgraph> {
  const schema = buildSubgraphSchema({ typeDefs: parse(readFileSync(resolve(schemaFolder, `${name}.graphql`), 'utf8')), resolvers: resolversOf(name, data) as never })
  const verify = actorVerifier(publicJwk)
  const received: Received[] = []
  let server: Server | undefined
  let port = 0

  const subgraph: Subgraph = {
    name,
    get url() {
      return `http://127.0.0.1:${port}/graphql`
    },
    received,
    delay: 0,
    answer: { status: 200, body: '{"received":true}', contentType: 'application/json' },
    async start() {
      server = createServer((request, response) => {
        void (async () => {
          const chunks: Buffer[] = []
          for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
          const body = Buffer.concat(chunks)
          received.push({ method: request.method!, url: request.url!, headers: request.headers, body })
          if (request.url !== '/graphql') {
            const { status, body, contentType } = subgraph.answer
            return void response.writeHead(status, { 'content-type': contentType }).end(body)
          }
          if (subgraph.delay > 0) await new Promise((resolve) => setTimeout(resolve, subgraph.delay))
          response.setHeader('content-type', 'application/json').end(JSON.stringify(await run(schema, verify, request, body)))
        })()
      })
      await new Promise<void>((resolve) => server!.listen(port, '127.0.0.1', resolve))
      port = (server.address() as AddressInfo).port
    },
    async stop() {
      server?.closeAllConnections()
      await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)))
      server = undefined
    },
  }
  await subgraph.start()
  return subgraph
}

async function run(schema: GraphQLSchema, verify: (token: string | undefined) => Promise<Actor>, request: IncomingMessage, body: Buffer): Promise<unknown> {
  const { query, variables, operationName } = JSON.parse(body.toString()) as { query: string; variables?: Record<string, unknown>; operationName?: string }
  try {
    const actor = await verify(request.headers[actorHeader] as string | undefined)
    return await graphql({ schema, source: query, contextValue: { actor } satisfies Context, ...(variables && { variableValues: variables }), ...(operationName && { operationName }) })
  } catch (error) {
    return { errors: [{ message: (error as Error).message, extensions: { code: 'UNAUTHENTICATED' } }] }
  }
}
