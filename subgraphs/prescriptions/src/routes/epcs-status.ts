import { clock, invalid, type Route } from '@pharmagraph/platform'
import { answerOnce } from '../commands/answer-once.ts'
import { noteNetworkStatus, type StatusEvent } from '../commands/note-network-status.ts'
import { mustBeSigned } from '../erx/signature.ts'
import type { Services } from '../services.ts'

/** Status of an electronic prescription for controlled substances, as the network tells it. */
export const epcsStatusRoute: Route<Services> = {
  method: 'POST',
  path: '/webhooks/epcs/status',
  async run({ body, headers, services, transact }) {
    mustBeSigned(services.webhookSecret, headers, body)
    const event = readEvent(body)
    const answer = await transact((em) => answerOnce(em, services, { key: `epcs:${event.id}`, raw: body }, () => noteNetworkStatus(em, event)))
    return { ...answer, contentType: 'application/json' }
  },
}

const printable = /^[\x21-\x7e]{1,100}$/
const named = (value: unknown): value is string => typeof value === 'string' && printable.test(value)

function readEvent(body: Buffer): StatusEvent {
  const event = parse(body)
  const { id, status, messageId, prescriberOrderNumber, occurredAt } = event
  const at = new Date(typeof occurredAt === 'string' ? occurredAt : clock.now())
  if (Number.isNaN(at.getTime())) throw invalid('occurredAt', 'occurredAt is no instant (RFC 3339)')
  if (!named(id)) throw invalid('id', 'the event has no id')
  if (typeof status !== 'string' || !/^[\w.-]{1,60}$/.test(status)) throw invalid('status', 'the event has no status, or one of other than letters, digits, dot and hyphen')
  if (!named(messageId) && !named(prescriberOrderNumber)) throw invalid('messageId', 'the event names neither messageId nor prescriberOrderNumber')
  return { id, status, occurredAt: at, ...(named(messageId) ? { messageId } : {}), ...(named(prescriberOrderNumber) ? { prescriberOrderNumber } : {}) }
}

function parse(body: Buffer): Record<string, unknown> {
  try {
    const event = JSON.parse(body.toString()) as unknown
    if (typeof event === 'object' && event !== null) return event as Record<string, unknown>
  } catch {
    // told below
  }
  throw invalid('body', 'the body is not a JSON object')
}
