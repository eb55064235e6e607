import { randomUUID } from 'node:crypto'
import { html } from '../shared/page.ts'
import { randomText } from '../shared/ids.ts'
import { createSandbox, type Sandbox, type SandboxOptions } from '../shared/sandbox.ts'

/** An e-mail or a text message that would have gone out. */
export interface MailMessage {
  id: string
  channel: 'email' | 'sms'
  to: string
  from: string | null
  subject: string | null
  text: string
  at: string
}

type NewMessage = Pick<MailMessage, 'channel' | 'to' | 'text'> & { from?: string; subject?: string }

const EMAIL = '^[^@\\s]+@[^@\\s]+$'
const E164 = '^\\+[1-9]\\d{6,14}$'
const SHOWN = 200

const SCHEMA = {
  body: {
    type: 'object',
    additionalProperties: false,
    required: ['channel', 'to', 'text'],
    properties: {
      channel: { enum: ['email', 'sms'] },
      to: { type: 'string', minLength: 3 },
      from: { type: 'string' },
      subject: { type: 'string', maxLength: 998 },
      text: { type: 'string', minLength: 1, maxLength: 100_000 },
    },
    if: { properties: { channel: { const: 'sms' } } },
    then: { properties: { to: { type: 'string', pattern: E164 } } },
    else: { properties: { to: { type: 'string', pattern: EMAIL } } },
  },
}

/** Starts the inbox: every e-mail and text message the pharmacy sends ends here, to be read in a browser. */
export async function startMailSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { app, store, listen } = createSandbox(
    {
      name: 'mail',
      about: html`Every e-mail and text message the pharmacy sends ends here. Nothing leaves this machine.`,
      details: () => {
        const latest = [...messages.all()].slice(-SHOWN).reverse()
        return html`<h2>Inbox</h2>${latest.length === 0 ? html`<p class="muted">No messages yet.</p>` : latest.map(
          ({ channel, to, subject, text, at }) => html`<article><small>${at.slice(0, 19).replace('T', ' ')} · ${channel} to ${to}</small>
${subject ? html`<br><strong>${subject}</strong>` : ''}<p>${text}</p></article>`,
        )}`
      },
      errorBody: (status, message, field) => ({ error: { status, message, ...(field && { field }) } }),
      headers: () => ({}), // an inbox sends nothing
    },
    options,
  )
  const messages = store.table<MailMessage>('messages')
  /** Which message an idempotency key was used for. */
  const keys = store.table<{ message: string }>('keys')

  const keep = (message: Omit<MailMessage, 'id' | 'at'>, key?: string): MailMessage => {
    const before = key === undefined ? undefined : messages.get(keys.get(key)?.message ?? '')
    if (before) return before
    const kept: MailMessage = { id: randomUUID(), ...message, at: new Date().toISOString() }
    store.transaction(() => {
      messages.put(kept.id, kept)
      if (key !== undefined) keys.put(key, { message: kept.id })
    })
    return kept
  }

  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))))

  app.post<{ Body: NewMessage }>('/messages', { schema: SCHEMA }, async (request, reply) => {
    const { from = null, subject = null, ...message } = request.body
    const key = request.headers['idempotency-key']
    return reply.code(201).send(keep({ ...message, from, subject }, typeof key === 'string' ? key : undefined))
  })

  app.get<{ Querystring: { to?: string; channel?: string } }>('/messages.json', async ({ query: { to, channel } }) => ({
    messages: [...messages.all()].reverse().filter((message) => (!to || message.to === to) && (!channel || message.channel === channel)),
  }))

  app.delete<{ Querystring: { to?: string } }>('/messages', async ({ query: { to } }, reply) => {
    store.transaction(() => {
      for (const message of messages.all()) if (!to || message.to === to) messages.delete(message.id)
    })
    return reply.code(204).send()
  })
  app.delete<{ Params: { id: string } }>('/messages/:id', async (request, reply) => {
    store.transaction(() => messages.delete(request.params.id))
    return reply.code(204).send()
  })

  // https://www.twilio.com/docs/messaging/api/message-resource
  type TwilioCall = { Params: { account: string }; Body: Record<string, string> | undefined }
  app.post<TwilioCall>('/2010-04-01/Accounts/:account/Messages.json', async (request, reply) => {
    const { account } = request.params
    const refuse = (status: number, code: number, message: string): unknown =>
      reply.code(status).send({ code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status })
    if (!request.headers.authorization?.startsWith('Basic ')) return refuse(401, 20003, 'Authenticate')
    const { To: to = '', From: from = '', MessagingServiceSid, Body: text = '' } = request.body ?? {}
    if (!to) return refuse(400, 21604, "A 'To' phone number is required.")
    if (!new RegExp(E164).test(to)) return refuse(400, 21211, `Invalid 'To' Phone Number: ${to}`)
    if (!from && !MessagingServiceSid) return refuse(400, 21603, "A 'From' phone number is required.")
    if (!text) return refuse(400, 21602, 'Message body is required.')
    const { at } = keep({ channel: 'sms', to, from: from || null, subject: null, text })
    const sid = `SM${randomText(32, '0123456789abcdef')}`
    const date = new Date(at).toUTCString().replace('GMT', '+0000')
    return reply.code(201).send({
      account_sid: account,
      api_version: '2010-04-01',
      body: text,
      date_created: date,
      date_sent: null,
      date_updated: date,
      direction: 'outbound-api',
      error_code: null,
      error_message: null,
      from: from || null,
      messaging_service_sid: MessagingServiceSid ?? null,
      num_media: '0',
      num_segments: String(Math.ceil(text.length / 160)),
      price: null,
      price_unit: null,
      sid,
      status: 'queued',
      subresource_uris: { media: `/2010-04-01/Accounts/${account}/Messages/${sid}/Media.json` },
      to,
      uri: `/2010-04-01/Accounts/${account}/Messages/${sid}.json`,
    })
  })

  return listen()
}
