import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifySchema } from 'fastify'
import { bundle, medicationRequest } from './fhir.ts'
import { newMessageId, type Network, type NetworkMessage } from './network.ts'
import { ORDER_PROPERTIES, ORDER_REQUIRED, OUR_PHARMACY, type PrescriptionOrder } from './order.ts'
import { cancelRx, newRx, readScript, responseTo, scriptXml, type Dialect } from './script.ts'

const OUTCOMES = { approved: 'Approved', approvedWithChanges: 'ApprovedWithChanges', denied: 'Denied', validated: 'Validated', replace: 'Replace' }

const text = { type: 'string', minLength: 1 }
const dialects = { enum: ['plain', 'surescripts'] }
const body = (properties: object, required: readonly string[]): FastifySchema => ({
  body: { type: 'object', additionalProperties: false, required, properties },
})
const order = (extra: object): FastifySchema => body({ ...ORDER_PROPERTIES, ...extra }, ORDER_REQUIRED)

const newOrderNumber = (): string => `ORD-${randomUUID().slice(0, 8).toUpperCase()}`
const between = ({ prescriber, pharmacy = OUR_PHARMACY }: PrescriptionOrder): { to: string; from: string } => ({
  to: pharmacy.ncpdpId,
  from: prescriber.npi,
})
const notFound = (reply: FastifyReply, message: string): FastifyReply => reply.code(404).send({ error: { status: 404, message } })

/** Plays the prescribers, and shows what crossed the network. */
export function serveControl(app: FastifyInstance, network: Network): void {
  app.post<{ Body: PrescriptionOrder & { messageId?: string; dialect?: Dialect } }>(
    '/control/send-newrx',
    { schema: order({ messageId: text, dialect: dialects }) },
    async (request, reply) => {
      const { messageId = newMessageId(), dialect = 'plain', ...prescription } = request.body
      const prescriberOrderNumber = newOrderNumber()
      const digitallySigned = prescription.drug.deaSchedule !== undefined
      const xml = scriptXml({ messageId, ...between(prescription), prescriberOrderNumber, digitallySigned, dialect }, newRx(prescription, dialect))
      return reply.code(202).send(network.send({ type: 'NewRx', messageId, prescriberOrderNumber, body: xml, order: prescription }))
    },
  )

  app.post<{ Body: { messageId: string; dialect?: Dialect } }>(
    '/control/send-cancelrx',
    { schema: body({ messageId: text, dialect: dialects }, ['messageId']) },
    async (request, reply) => {
      const { messageId: relatesTo, dialect = 'plain' } = request.body
      const { order: prescription, prescriberOrderNumber } = network.messages.get(relatesTo) ?? {}
      if (!prescription) return notFound(reply, `No NewRx was sent as ${relatesTo}.`)
      const messageId = newMessageId()
      const header = { messageId, ...between(prescription), relatesTo, prescriberOrderNumber, dialect }
      const xml = scriptXml(header, cancelRx(prescription, newOrderNumber(), dialect))
      return reply.code(202).send(network.send({ type: 'CancelRx', messageId, relatesTo, prescriberOrderNumber, body: xml }))
    },
  )

  app.post<{ Body: { messageId: string; outcome: keyof typeof OUTCOMES; note?: string; refills?: number } }>(
    '/control/respond',
    {
      schema: body(
        { messageId: text, outcome: { enum: Object.keys(OUTCOMES) }, note: text, refills: { type: 'integer', minimum: 0 } },
        ['messageId', 'outcome'],
      ),
    },
    async (request, reply) => {
      const { messageId: relatesTo, outcome, note, refills } = request.body
      const asked = network.messages.get(relatesTo)
      const parsed = asked?.direction === 'from-pharmacy' ? readScript(asked.body) : undefined
      if (typeof parsed !== 'object' || !['RxRenewalRequest', 'RxChangeRequest'].includes(parsed.type)) {
        return notFound(reply, `No RxRenewalRequest or RxChangeRequest came in as ${relatesTo}.`)
      }
      const messageId = newMessageId()
      const { prescriberOrderNumber } = parsed
      const xml = scriptXml(
        { messageId, to: parsed.from ?? OUR_PHARMACY.ncpdpId, from: parsed.to ?? 'prescriber', relatesTo, prescriberOrderNumber },
        responseTo(parsed, OUTCOMES[outcome], note, refills === undefined ? {} : { NumberOfRefills: String(refills) }),
      )
      const type = parsed.type.replace('Request', 'Response')
      return reply.code(202).send(network.send({ type, messageId, relatesTo, prescriberOrderNumber, body: xml }))
    },
  )

  app.post<{ Body: PrescriptionOrder & { as?: 'contained' | 'bundle'; token?: string; orderNumber?: string } }>(
    '/control/send-fhir',
    { schema: order({ as: { enum: ['contained', 'bundle'] }, token: text, orderNumber: text }) },
    async (request, reply) => {
      const { as = 'contained', token, orderNumber = newOrderNumber(), ...prescription } = request.body
      const messageId = newMessageId()
      if (token) network.givenTokens.set(messageId, token)
      const type = as === 'bundle' ? 'Bundle' : 'MedicationRequest'
      const resource = as === 'bundle' ? bundle(prescription, orderNumber) : medicationRequest(prescription, orderNumber)
      return reply.code(202).send(network.send({ type, messageId, prescriberOrderNumber: orderNumber, body: JSON.stringify(resource) }))
    },
  )

  app.post<{ Body: { messageId: string; status: string; reason?: string; eventId?: string; details?: object } }>(
    '/control/epcs-status',
    { schema: body({ messageId: text, status: text, reason: text, eventId: text, details: { type: 'object' } }, ['messageId', 'status']) },
    async (request, reply) => {
      const { messageId: relatesTo, eventId = randomUUID(), details, ...rest } = request.body
      const { prescriberOrderNumber } = network.messages.get(relatesTo) ?? {}
      const occurredAt = new Date().toISOString()
      const event = { id: eventId, type: 'epcs.status', messageId: relatesTo, prescriberOrderNumber, ...rest, ...details, occurredAt }
      const sent = network.send({ type: 'epcs.status', messageId: newMessageId(), relatesTo, prescriberOrderNumber, body: JSON.stringify(event) })
      return reply.code(202).send(sent)
    },
  )

  app.post<{ Params: { id: string } }>('/control/messages/:id/resend', async (request, reply) => {
    const message = network.messages.get(request.params.id)
    if (message?.direction !== 'to-pharmacy') return notFound(reply, `No message was sent as ${request.params.id}.`)
    const { type, messageId, body: same, relatesTo, prescriberOrderNumber, order: prescription } = message
    return reply.code(202).send(network.send({ type, messageId, body: same, relatesTo, prescriberOrderNumber, order: prescription }))
  })

  // ?type=RxFill&relatesTo=…: any text field of a message.
  app.get<{ Querystring: Partial<Record<keyof NetworkMessage, string>> }>('/control/messages', async (request) => {
    const wanted = Object.entries(request.query) as [keyof NetworkMessage, string][]
    const fits = (message: NetworkMessage): boolean => wanted.every(([field, value]) => message[field] === value)
    return { messages: [...network.messages.all()].filter(fits) }
  })
}
