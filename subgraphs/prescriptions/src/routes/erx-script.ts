import { AppError, newId, systemActor, type EntityManager, type Route, type RouteAnswer } from '@pharmagraph/platform'
import { answerClarification } from '../commands/answer-clarification.ts'
import { answerOnce, type Handled } from '../commands/answer-once.ts'
import { answerRenewal } from '../commands/answer-renewal.ts'
import { takeCancelRx } from '../commands/take-cancel-rx.ts'
import { receivePrescription } from '../commands/receive-prescription.ts'
import { noteAnswerTo } from '../commands/note-network-status.ts'
import { replacePrescription } from '../commands/replace-prescription.ts'
import { readRenewalResponse } from '../erx/renewal.ts'
import { checkVersion, readCancelRx, readChangeResponse, readNewRx, readScript, readStatus, spokenVersion, type ScriptMessage } from '../erx/script-reader.ts'
import { cancelRxResponse, error, status, verify, type Envelope } from '../erx/script-writer.ts'
import { mustBeSigned } from '../erx/signature.ts'
import type { Services } from '../services.ts'

const xml = (statusCode: number, body: string): RouteAnswer => ({ status: statusCode, body, contentType: 'application/xml; charset=utf-8' })
const isRefusal = (thrown: unknown): thrown is AppError => thrown instanceof AppError && thrown.row.http < 500 && !thrown.row.retryable

/** NCPDP SCRIPT from the e-prescribing network: signed raw body in, Status 010 or Error 900 out, the same for a retry. */
export const scriptRoute: Route<Services> = {
  method: 'POST',
  path: '/erx/script',
  async run({ body, headers, services, transact }) {
    mustBeSigned(services.webhookSecret, headers, body)
    let message: ScriptMessage
    try {
      message = readScript(body)
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown
      return xml(thrown.row.http, error({ messageId: newId() }, thrown.message))
    }
    try {
      const answer = await transact((em) =>
        answerOnce(em, services, { key: `script:${message.from ?? ''}:${message.messageId}`, raw: body }, () => handle(em, services, message)))
      return xml(answer.status, answer.body)
    } catch (thrown) {
      // only an identity used twice comes here: what a message says is refused, and remembered, inside
      if (!isRefusal(thrown)) throw thrown
      return xml(200, error(replyTo(message), thrown.message))
    }
  },
}

const replyTo = ({ messageId, prescriberOrderNumber, from, to, version }: ScriptMessage): Envelope =>
  ({ messageId: newId(), relatesTo: messageId, prescriberOrderNumber, from: to, to: from, version: spokenVersion(version) })
/** Received, as the sender wants to hear it. */
const acknowledge = (message: ScriptMessage, description: string): string => (message.returnReceipt ? verify : status)(replyTo(message), description)

async function handle(em: EntityManager, services: Services, message: ScriptMessage): Promise<Handled> {
  try {
    checkVersion(message)
    const handler = handlers[message.type]
    if (sentByPharmacies.includes(message.type)) throw new AppError('INVALID_INPUT', `${message.type} goes from a pharmacy to a prescriber, and this address is a pharmacy`)
    if (!handler) throw new AppError('INVALID_INPUT', `${message.type.slice(0, 40)} is not handled here; ${Object.keys(handlers).join(', ')} are`)
    return await handler(em, services, message)
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown
    return { status: 200, body: error(replyTo(message), thrown.message) }
  }
}

type MessageHandler = (em: EntityManager, services: Services, message: ScriptMessage) => Promise<Handled>
const sentByPharmacies = ['RxFill', 'RxChangeRequest', 'RxRenewalRequest', 'CancelRxResponse']

/** What the network tells of a message of ours is written into the prescription's history; a question that failed goes back to the pharmacist. */
const taken: MessageHandler = async (em, services, message) => {
  const prescription = await noteAnswerTo(em, services, { relatesTo: message.relatesTo ?? '', status: readStatus(message), failed: message.type === 'Error' })
  return { status: 200, body: status(replyTo(message), 'Received.'), prescription }
}

const handlers: Record<string, MessageHandler> = {
  async NewRx(em, services, message) {
    const prescription = await receivePrescription(em, systemActor('erx-network'), services, {
      content: readNewRx(message), source: 'NCPDP_SCRIPT', externalKey: `script:${message.from ?? ''}:${message.messageId}`,
      messageId: message.messageId, prescriberOrderNumber: message.prescriberOrderNumber, scriptVersion: spokenVersion(message.version),
    })
    return { status: 200, body: acknowledge(message, `Received as ${prescription.number}, queued for the pharmacist.`), prescription }
  },
  async CancelRx(em, _services, message) {
    const cancel = readCancelRx(message)
    const { approved, note, prescription } = await takeCancelRx(em, cancel)
    return { status: 200, body: cancelRxResponse(replyTo(message), cancel.reference, { approved, note }), prescription }
  },
  async RxChangeResponse(em, services, message) {
    const answer = readChangeResponse(message)
    const replaced = answer.outcome === 'ApprovedWithChanges' && (await replacePrescription(em, services, { message, note: answer.note }))
    if (replaced) return { status: 200, body: status(replyTo(message), `Received, it replaces the prescription before as ${replaced.number}.`), prescription: replaced }
    const prescription = await answerClarification(em, services, { relatesTo: message.relatesTo ?? '', ...answer })
    if (!prescription) throw new AppError('INVALID_INPUT', 'we asked nothing that this message answers')
    return { status: 200, body: status(replyTo(message), 'Received, the pharmacist looks again.'), prescription }
  },
  async RxRenewalResponse(em, services, message) {
    const prescription = await answerRenewal(em, services, { relatesTo: message.relatesTo ?? '', messageId: message.messageId, ...readRenewalResponse(message) })
    if (!prescription) throw new AppError('INVALID_INPUT', 'we asked for no renewal that this message answers')
    return { status: 200, body: status(replyTo(message), 'Received.'), prescription }
  },
  Status: taken,
  Verify: taken,
  Error: taken,
}
