import { html } from '../shared/page.ts'
import { createSandbox, type Sandbox, type SandboxOptions } from '../shared/sandbox.ts'
import { serveControl } from './control.ts'
import { FHIR, Network, newMessageId, XML } from './network.ts'
import { servePdmp } from './pdmp.ts'
import { PartnerTokens, type PartnerCredentials } from './partner-token.ts'
import { readScript, rejection, scriptXml, type ScriptMessage } from './script.ts'
import { erxSignature, isSignedBy } from './signature.ts'

export interface ErxSandboxOptions extends SandboxOptions {
  /** Signs what goes to the pharmacy; a signature on what comes from it is checked with the same secret. */
  webhookSecret: string
  /** Who the network is at the pharmacy's FHIR endpoint. Without it a call to send over FHIR brings its own token. */
  partner?: PartnerCredentials | undefined
}

/** Starts the e-prescribing network: prescribers on one side, this pharmacy on the other. */
export async function startErxSandbox(options: ErxSandboxOptions): Promise<Sandbox> {
  const partner = options.partner && new PartnerTokens(options.partner)

  const bearer = async (messageId: string): Promise<Record<string, string>> => {
    const token = network.givenTokens.get(messageId) ?? (await partner?.get())
    if (!token) throw new Error('no partner token: set OIDC_ISSUER, PARTNER_CLIENT_ID and PARTNER_CLIENT_SECRET, or give a token')
    return { authorization: `Bearer ${token}`, accept: FHIR }
  }
  const signed = (body: string): Record<string, string> => {
    const timestamp = String(Math.floor(Date.now() / 1000))
    return { 'x-erx-timestamp': timestamp, 'x-erx-signature': erxSignature(body, options.webhookSecret, timestamp) }
  }

  const sandbox = createSandbox(
    {
      name: 'erx',
      about: html`Stands in for an e-prescribing network in the manner of Surescripts: NCPDP SCRIPT 2017071 over HTTP, and FHIR R4 for
partners. Prescribers are played through <code>POST /control/send-newrx</code>; the pharmacy speaks at <code>POST /messages</code>.`,
      errorBody: (status, message, field) => ({ error: { status, message, ...(field && { field }) } }),
      headers: ({ contentType, subject, body }) => (contentType === FHIR ? bearer(subject) : signed(body)),
      settle: (delivery, answer) => network.settle(delivery, answer),
      abandoned: ({ subject }) => network.conclude(subject, 'refused', { description: 'Given up: the pharmacy did not answer for three days.' }),
    },
    options,
  )
  const { app, store, webhooks } = sandbox
  const network = new Network(store, webhooks, options.publicUrl, partner)
  serveControl(app, network)
  servePdmp(app, store, options.webhookSecret)

  app.addContentTypeParser(['application/xml', 'text/xml'], { parseAs: 'string' }, (_request, body, done) => done(null, body))
  app.post<{ Body: unknown }>('/messages', async (request, reply) => {
    const xml = typeof request.body === 'string' ? request.body : ''
    const { 'x-erx-signature': signature, 'x-erx-timestamp': timestamp } = request.headers
    void reply.type(XML)
    if (signature !== undefined && !isSignedBy(options.webhookSecret, xml, String(timestamp), String(signature))) {
      return reply.code(401).send(answerTo(undefined, rejection('The signature does not match the message.')))
    }
    const message = readScript(xml)
    if (typeof message === 'string') return reply.code(400).send(answerTo(undefined, rejection(message)))
    return reply.send(answerTo(message, network.receive(message, xml)))
  })

  return sandbox.listen()
}

const answerTo = (request: ScriptMessage | undefined, body: object): string =>
  scriptXml({ messageId: newMessageId(), to: request?.from ?? 'unknown', from: 'erx-sandbox', relatesTo: request?.messageId }, body)
