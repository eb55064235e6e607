import { randomUUID } from 'node:crypto'
import type { Store, Table } from '../shared/store.ts'
import type { Answer, Delivery, WebhookQueue } from '../shared/webhooks.ts'
import type { PrescriptionOrder } from './order.ts'
import type { PartnerTokens } from './partner-token.ts'
import { plain, readScript, rejection, status, type ScriptMessage } from './script.ts'

/** One message that crossed the network, kept for good. */
export interface NetworkMessage {
  messageId: string
  direction: 'to-pharmacy' | 'from-pharmacy'
  /** NewRx, RxFill… for SCRIPT; MedicationRequest, Bundle or epcs.status otherwise. */
  type: string
  /** `queued` until answered; `refused` when the pharmacy answered with an Error, or with nothing one can read. */
  state: 'queued' | 'accepted' | 'refused' | 'received'
  at: string
  body: string
  relatesTo?: string | undefined
  prescriberOrderNumber?: string | undefined
  attempts: number
  answer?: { status?: number; type?: string; code?: string; description?: string; body?: string }
  /** The order a NewRx was built from; cancelling needs it. */
  order?: PrescriptionOrder | undefined
}

export type Sending = Pick<NetworkMessage, 'type' | 'body' | 'messageId' | 'relatesTo' | 'prescriberOrderNumber' | 'order'>

/** What a pharmacy may send. */
const FROM_PHARMACY = ['RxFill', 'RxChangeRequest', 'RxRenewalRequest', 'CancelRxResponse', 'Status', 'Error', 'Verify']
/** Answers after which trying again makes sense; every other 4xx is an answer. */
const PASSING = [408, 425, 429]

export const XML = 'application/xml; charset=utf-8'
export const FHIR = 'application/fhir+json'

/** Where at the pharmacy a type of message goes, and as what. Types not listed are SCRIPT. */
const ROUTES: Record<string, { path: string; contentType: string }> = {
  'epcs.status': { path: '/webhooks/epcs/status', contentType: 'application/json' },
  MedicationRequest: { path: '/fhir/R4/MedicationRequest', contentType: FHIR },
  Bundle: { path: '/fhir/R4/MedicationRequest', contentType: FHIR },
}
const SCRIPT_ROUTE = { path: '/erx/script', contentType: XML }

export const newMessageId = (): string => randomUUID().replaceAll('-', '')

/** The network itself: what it was given to deliver, what became of it, and what it heard. */
export class Network {
  readonly messages: Table<NetworkMessage>
  /** Tokens given with a call stay in memory: secrets are not written down. */
  readonly givenTokens = new Map<string, string>()
  readonly #store: Store
  readonly #webhooks: WebhookQueue
  readonly #pharmacyUrl: string | undefined
  readonly #partner: PartnerTokens | undefined

  constructor(store: Store, webhooks: WebhookQueue, pharmacyUrl: string | undefined, partner: PartnerTokens | undefined) {
    this.messages = store.table('messages')
    this.#store = store
    this.#webhooks = webhooks
    this.#pharmacyUrl = pharmacyUrl
    this.#partner = partner
  }

  send(message: Sending): NetworkMessage {
    return this.#store.transaction(() => {
      const sent: NetworkMessage = { ...message, direction: 'to-pharmacy', state: 'queued', at: new Date().toISOString(), attempts: 0 }
      this.messages.put(sent.messageId, sent)
      if (this.#pharmacyUrl) {
        const { path, contentType } = ROUTES[sent.type] ?? SCRIPT_ROUTE
        this.#webhooks.enqueue({
          url: this.#pharmacyUrl + path,
          body: sent.body,
          contentType,
          event: sent.type,
          key: sent.relatesTo ?? sent.messageId,
          subject: sent.messageId,
        })
      }
      return sent
    })
  }

  /** Takes a message from the pharmacy; the same one again changes nothing and is answered the same. */
  receive(message: ScriptMessage, xml: string): object {
    const { messageId, type, relatesTo, prescriberOrderNumber } = message
    if (!FROM_PHARMACY.includes(type)) return rejection(`A pharmacy does not send ${type} here. Known: ${FROM_PHARMACY.join(', ')}.`)
    const before = this.messages.get(messageId)
    if (before) return before.body === xml ? status() : rejection(`MessageID ${messageId} was used for another message.`)
    this.#store.transaction(() =>
      this.messages.put(messageId, {
        messageId,
        direction: 'from-pharmacy',
        type,
        state: 'received',
        at: new Date().toISOString(),
        body: xml,
        relatesTo,
        prescriberOrderNumber,
        attempts: 1,
      }),
    )
    return status()
  }

  /** Keeps what the pharmacy answered. Only silence and failures on its side are tried again, with the same MessageID. */
  settle(delivery: Delivery, answer: Answer): 'done' | 'retry' {
    const sent = this.messages.get(delivery.subject)
    if (sent) this.messages.put(sent.messageId, { ...sent, attempts: sent.attempts + 1 })
    if ('error' in answer || answer.status >= 500 || PASSING.includes(answer.status)) return 'retry'
    if (answer.status === 401 && this.#partner && delivery.attempts === 0 && !this.givenTokens.has(delivery.subject)) {
      this.#partner.drop()
      return 'retry'
    }
    if (delivery.contentType === XML) this.#concludeScript(delivery.subject, answer)
    else this.conclude(delivery.subject, answer.status < 300 ? 'accepted' : 'refused', answer)
    return 'done'
  }

  conclude(messageId: string, state: NetworkMessage['state'], answer: NonNullable<NetworkMessage['answer']>): void {
    this.givenTokens.delete(messageId)
    const sent = this.messages.get(messageId)
    if (sent) this.messages.put(messageId, { ...sent, state, answer })
  }

  #concludeScript(messageId: string, { status: httpStatus, body }: { status: number; body: string }): void {
    const message = readScript(body)
    if (typeof message === 'string') {
      this.conclude(messageId, 'refused', { status: httpStatus, description: `The pharmacy's answer is no SCRIPT message: ${message}` })
      return
    }
    const code = plain(message.content['Code'])
    const description = plain(message.content['Description'])
    this.conclude(messageId, message.type === 'Error' ? 'refused' : 'accepted', {
      status: httpStatus,
      type: message.type,
      body,
      ...(code && { code }),
      ...(description && { description }),
    })
  }
}
