import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Store } from '../shared/store.ts'
import { isSignedBy } from './signature.ts'

/** A dispensing a pharmacy told of; `state` and `fillId` name it. */
interface Dispensing {
  state: string
  fillId: string
  patientId: string
  [field: string]: unknown
}

const state = { params: { type: 'object', properties: { state: { type: 'string', pattern: '^[A-Z]{2}$' } } } }
const body = (required: readonly string[]) => ({ ...state, body: { type: 'object', required, properties: Object.fromEntries(required.map((name) => [name, { type: 'string', minLength: 1 }])) } })

/** The states' prescription monitoring programmes: they know what this pharmacy told them, each state its own. */
export function servePdmp(app: FastifyInstance, store: Store, secret: string): void {
  const dispensings = store.table<Dispensing>('pdmp-dispensings')
  const zeroReports = store.table<{ state: string; day: string }>('pdmp-zero-reports')

  const signed = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { 'x-erx-signature': signature, 'x-erx-timestamp': timestamp } = request.headers
    if (!isSignedBy(secret, JSON.stringify(request.body), String(timestamp), String(signature))) await reply.code(401).send({ error: { status: 401, message: 'The signature does not match.' } })
  }

  app.post<{ Params: { state: string }; Body: { patientId: string } }>('/pdmp/:state/query', { schema: body(['patientId']), preHandler: signed }, async (request) => {
    const known = [...dispensings.all()].filter((each) => each.state === request.params.state && each.patientId === request.body.patientId).length
    return { dispensings: known, prescribers: Math.min(1, known), pharmacies: Math.min(1, known) }
  })

  app.post<{ Params: { state: string }; Body: Dispensing }>('/pdmp/:state/dispensings', { schema: body(['fillId', 'patientId']), preHandler: signed }, async (request) => {
    const told = { ...request.body, state: request.params.state }
    store.transaction(() => dispensings.put(`${told.state} ${told.fillId}`, told))
    return { received: true }
  })

  app.post<{ Params: { state: string }; Body: { day: string } }>('/pdmp/:state/zero-reports', { schema: body(['day']), preHandler: signed }, async (request) => {
    const { day } = request.body
    store.transaction(() => zeroReports.put(`${request.params.state} ${day}`, { state: request.params.state, day }))
    return { received: true }
  })

  app.get('/control/pdmp', async () => ({ dispensings: [...dispensings.all()], zeroReports: [...zeroReports.all()] }))
}
