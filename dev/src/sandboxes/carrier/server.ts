import type { FastifyReply, FastifyRequest } from 'fastify'
import { html, page, type Html } from '../shared/page.ts'
import { createSandbox, type Sandbox, type SandboxOptions } from '../shared/sandbox.ts'
import { verify, type AddressInput, type FieldError } from './addresses.ts'
import { easypostId, newAddress, newRates, newShipment, timestamp, type Address, type Shipment, type Tracker } from './objects.ts'
import { carrierSignature } from './signature.ts'
import { scanned, type Scan } from './trackers.ts'

export interface CarrierSandboxOptions extends SandboxOptions {
  /** Signs the tracking webhooks. */
  webhookSecret: string
}

interface ShipmentInput {
  to_address?: AddressInput | { id: string }
  from_address?: AddressInput | { id: string }
  parcel?: { weight?: number; length?: number; width?: number; height?: number }
  reference?: string
  /** Bought at once; the cheapest by default. */
  service?: string
  carrier?: string
  options?: object
  is_return?: boolean
}

/** Refused in EasyPost's error shape. https://docs.easypost.com/guides/errors-guide */
class CarrierRefusal extends Error {
  readonly status: number
  readonly body: object
  constructor(status: number, code: string, message: string, errors: object[] = []) {
    super(message)
    this.status = status
    this.body = { error: { code, message, errors } }
  }
}

const CODES: Record<number, string> = { 400: 'PARAMETER.INVALID', 404: 'NOT_FOUND', 429: 'RATE_LIMITED' }

const blank = (field: string): CarrierRefusal =>
  new CarrierRefusal(422, 'PARAMETER.REQUIRED', 'Missing required parameter.', [{ field, message: 'cannot be blank', suggestion: null }])
const notFound = (): CarrierRefusal => new CarrierRefusal(404, 'NOT_FOUND', 'The requested resource could not be found.')

/** Starts the carrier sandbox: labels, tracking and address verification in the manner of EasyPost. */
export async function startCarrierSandbox(options: CarrierSandboxOptions): Promise<Sandbox> {
  const sandbox = createSandbox(
    {
      name: 'carrier',
      about: html`Stands in for a carrier aggregator in the manner of EasyPost: labels, tracking, address verification. Prices, ZIP+4 and
coordinates are invented: the same for the same address, and always in the San Francisco Bay Area.`,
      details: () => html`<h2>Latest shipments</h2>
<table><thead><tr><th>tracking code</th><th>carrier</th><th>reference</th><th>status</th><th></th></tr></thead>
<tbody>${[...shipments.all()].slice(-20).reverse().map(
  ({ tracking_code, selected_rate, reference, status, tracker, postage_label }) => html`<tr><td><code>${tracking_code}</code></td>
<td>${selected_rate.carrier} ${selected_rate.service}</td><td>${reference}</td><td>${status}</td>
<td><a href="${tracker.public_url}">track</a> <a href="${postage_label.label_url}">label</a></td></tr>`,
)}</tbody></table>`,
      errorBody: (status, message, field) => ({
        error: { code: CODES[status] ?? 'INTERNAL_SERVER_ERROR', message, errors: field ? [{ field, message }] : [] },
      }),
      headers: ({ body }) => ({ 'x-hmac-signature': carrierSignature(body, options.webhookSecret), 'user-agent': 'EasyPost Webhook/1.0 (sandbox)' }),
    },
    options,
  )
  const { app, store, webhooks } = sandbox
  const addresses = store.table<Address>('addresses')
  const shipments = store.table<Shipment>('shipments')
  /** Which shipment an id, a tracker's id, a tracking code or our own reference means. */
  const names = store.table<{ shipment: string }>('names')

  const shipmentOf = (name: string): Shipment => {
    const shipment = shipments.get(names.get(name)?.shipment ?? '')
    if (!shipment) throw notFound()
    return shipment
  }

  /** A route that needs an API key and answers refusals in EasyPost's shape. */
  const serve = <Request>(run: (request: FastifyRequest & Request) => unknown, keyed = true) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
      try {
        if (keyed && !hasApiKey(request)) throw new CarrierRefusal(401, 'UNAUTHORIZED', 'An API key is needed: HTTP Basic, the key as user name.')
        const body = run(request as FastifyRequest & Request)
        return reply.code(keyed && request.method === 'POST' ? 201 : 200).send(body)
      } catch (error) {
        if (!(error instanceof CarrierRefusal)) throw error
        return reply.code(error.status).send(error.body)
      }
    }

  app.post('/v2/addresses', serve<{ body: { address?: AddressInput; verify?: unknown; verify_strict?: unknown } | undefined }>(({ body }) => {
    if (!body?.address) throw blank('address')
    const { address, verify: asked, verify_strict: strict } = body
    const errors: FieldError[] = strict === undefined ? [] : verify(address).verification.errors
    if (errors.length > 0) throw new CarrierRefusal(422, 'ADDRESS.VERIFY.FAILURE', 'Unable to verify address.', errors)
    const created = newAddress(address, asked !== undefined || strict !== undefined)
    store.transaction(() => addresses.put(created.id, created))
    return created
  }))
  app.get('/v2/addresses/:id', serve<{ params: { id: string } }>(({ params }) => {
    const address = addresses.get(params.id)
    if (!address) throw notFound()
    return address
  }))

  app.post('/v2/shipments', serve<{ body: { shipment?: ShipmentInput } | undefined }>(({ body }) => {
    if (!body?.shipment) throw blank('shipment')
    const shipment = buy(body.shipment)
    store.transaction(() => {
      shipments.put(shipment.id, shipment)
      const { id, tracker, tracking_code, reference } = shipment
      for (const name of [id, tracker.id, tracking_code, reference]) if (name) names.put(name, { shipment: id })
    })
    return shipment
  }))
  app.get('/v2/shipments/:id', serve<{ params: { id: string } }>(({ params }) => shipmentOf(params.id)))
  app.post('/v2/shipments/:id/refund', serve<{ params: { id: string } }>(({ params }) => {
    const shipment = shipmentOf(params.id)
    if (shipment.refund_status || shipment.tracker.status !== 'pre_transit') {
      throw new CarrierRefusal(422, 'SHIPMENT.REFUND.UNAVAILABLE', 'Refund is not available: the label was scanned or its refund is under way.')
    }
    const refunded: Shipment = { ...shipment, refund_status: 'submitted', updated_at: timestamp() }
    store.transaction(() => shipments.put(shipment.id, refunded))
    return refunded
  }))

  app.get('/v2/trackers/:id', serve<{ params: { id: string } }>(({ params }) => shipmentOf(params.id).tracker))
  app.get('/v2/trackers', serve<{ query: { tracking_code?: string } }>(({ query }) => {
    const all = [...shipments.all()].map(({ tracker }) => tracker).reverse()
    const trackers = all.filter(({ tracking_code }) => !query.tracking_code || tracking_code === query.tracking_code)
    return { trackers: trackers.slice(0, 100), has_more: trackers.length > 100 }
  }))

  const text = { type: 'string', minLength: 1 }
  app.post(
    '/control/trackers/:id/advance',
    {
      schema: {
        body: {
          type: 'object',
          additionalProperties: false,
          required: ['status'],
          properties: {
            status: { enum: ['in_transit', 'out_for_delivery', 'delivered', 'failure', 'return_to_sender'] },
            status_detail: text,
            message: text,
            signed_by: text,
            at: { type: 'string', format: 'date-time' },
            location: { type: 'object', additionalProperties: false, properties: { city: text, state: text, zip: text, country: text } },
          },
        },
      },
    },
    serve<{ params: { id: string }; body: Scan }>(({ params, body }) => advance(shipmentOf(params.id), body), false),
  )

  const pages = { track: trackingPage, labels: labelPage }
  for (const [path, show] of Object.entries(pages)) {
    app.get<{ Params: { id: string } }>(`/${path}/:id`, async (request, reply) => {
      const shipment = shipments.get(names.get(request.params.id)?.shipment ?? '')
      const content = shipment ? show(shipment) : html`<p>There is no such shipment.</p>`
      return reply.code(shipment ? 200 : 404).type('text/html; charset=utf-8').send(page('carrier sandbox', content))
    })
  }

  return sandbox.listen()

  function buy(input: ShipmentInput): Shipment {
    const to = addressOf(input.to_address, 'to_address', true)
    const from = addressOf(input.from_address, 'from_address', false)
    const ounces = input.parcel?.weight
    if (ounces === undefined) throw blank('parcel.weight')
    if (typeof ounces !== 'number' || !(ounces > 0)) throw new CarrierRefusal(422, 'PARAMETER.INVALID', 'parcel.weight must be more than 0 ounces.')
    const id = easypostId('shp')
    const rates = newRates(id, ounces)
    const { service, carrier } = input
    const chosen = rates.find((rate) => (!service || rate.service === service) && (!carrier || rate.carrier === carrier))
    if (!chosen) throw new CarrierRefusal(422, 'SHIPMENT.POSTAGE.FAILURE', `No rate for ${carrier ?? 'any carrier'} ${service ?? ''}.`)
    return newShipment(id, { ...input, from, to, ounces }, rates, chosen, sandbox.url())
  }

  function addressOf(given: ShipmentInput['to_address'], field: string, verified: boolean): Address {
    if (!given) throw blank(field)
    if ('id' in given) {
      const address = addresses.get(given.id)
      if (!address) throw notFound()
      return address
    }
    return newAddress(given, verified)
  }

  function advance(shipment: Shipment, scan: Scan): Tracker {
    const webhookUrl = options.publicUrl && `${options.publicUrl}/webhooks/carrier/${encodeURIComponent(shipment.reference ?? shipment.id)}`
    const { tracker, event } = scanned(shipment.tracker, scan, webhookUrl)
    store.transaction(() => {
      shipments.put(shipment.id, { ...shipment, tracker, status: tracker.status, updated_at: tracker.updated_at })
      if (!webhookUrl) return
      webhooks.enqueue({
        url: webhookUrl,
        body: JSON.stringify(event),
        contentType: 'application/json',
        event: `tracker.updated ${scan.status}`,
        key: shipment.id,
        subject: tracker.id,
      })
    })
    return tracker
  }
}

/** Basic with the key as user name, as EasyPost has it, or Bearer. */
function hasApiKey(request: FastifyRequest): boolean {
  const [scheme, credentials = ''] = (request.headers.authorization ?? '').split(' ')
  if (scheme === 'Bearer') return credentials !== ''
  return scheme === 'Basic' && Buffer.from(credentials, 'base64').toString().split(':', 1)[0] !== ''
}

const trackingPage = ({ tracker }: Shipment): Html => html`<h1>${tracker.carrier} ${tracker.tracking_code}</h1><p>${tracker.status}</p>
<table><tbody>${[...tracker.tracking_details].reverse().map(
  ({ datetime, message, tracking_location: { city, state } }) => html`<tr><td>${datetime}</td><td>${message}</td><td>${city} ${state}</td></tr>`,
)}</tbody></table>`

const labelPage = ({ selected_rate, tracking_code, to_address, from_address }: Shipment): Html => html`<article>
<h1>${selected_rate.carrier} ${selected_rate.service}</h1>
<small>from</small><p>${lines(from_address)}</p><small>to</small><p><strong>${lines(to_address)}</strong></p>
<p><code>${tracking_code}</code></p><small>Sandbox label: not valid for shipping.</small></article>`

const lines = ({ name, company, street1, street2, city, state, zip }: Address): string =>
  [name, company, street1, street2, `${city}, ${state} ${zip}`].filter(Boolean).join('\n')
