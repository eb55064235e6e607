/** What we tell the prescriber over the e-prescribing network, each message under an id that makes its repeat harmless. */
import { clock, effect, type EntityManager } from '@pharmagraph/platform'
import { clarificationMessageId } from '../commands/answer-clarification.ts'
import type { PrescriptionContent } from '../content.ts'
import { Fill } from '../entities/fill.ts'
import { Prescription, refillsRemaining } from '../entities/prescription.ts'
import { voidMessageId } from '../commands/note-network-status.ts'
import { OwedBalance, owed } from '../entities/owed-balance.ts'
import { rxChangeRequest, rxFill, rxFillVoid } from '../erx/script-writer.ts'
import { citation } from '../regulations/decisions.ts'
import type { Services } from '../services.ts'

const pharmacy = 'PHARMAGRAPH'

const opened = async (em: EntityManager, { vault }: Services, id: string): Promise<{ prescription: Prescription; content: PrescriptionContent }> => {
  const prescription = await em.findOneOrFail(Prescription, { id })
  return { prescription, content: await vault.open<PrescriptionContent>(em, prescription.sealedFor, prescription.sealed) }
}
const envelope = (messageId: string, sentAt: string, { messageId: relatesTo, prescriberOrderNumber, prescriberNpi, scriptVersion }: Prescription) => ({
  messageId, sentAt, from: pharmacy, to: prescriberNpi, relatesTo: relatesTo ?? undefined, prescriberOrderNumber: prescriberOrderNumber ?? undefined, version: scriptVersion ?? undefined,
})

export const networkConsumers = [
  effect<'prescriptions.fill-released.v1', Services>('prescriptions.fill-released.v1', 'send-rx-fill', async ({ time, data: { fillId, prescriptionId } }, { services, transact }) => {
    const messageId = `RXFILL-${fillId}`
    const xml = await transact(async (em) => {
      const { prescription, content } = await opened(em, services, prescriptionId)
      if (prescription.source !== 'NCPDP_SCRIPT') return undefined
      const { lots, quantity, daysSupply, number } = await em.findOneOrFail(Fill, { id: fillId })
      return rxFill(envelope(messageId, time, prescription), content, {
        // the eleven digits of billing, 5-4-2; a six-digit labeler has none
        ndc11: lots[0]?.ndc12.startsWith('0') ? lots[0].ndc12.slice(1) : undefined,
        quantity, daysSupply: daysSupply ?? null, day: clock.dayOf(new Date(time)), fillNumber: number, refillsRemaining: refillsRemaining(prescription),
      })
    })
    if (xml) await services.network.send({ messageId, xml })
  }),

  // 21 CFR 1306.13(a): the prescriber hears of a remainder of schedule II that did not follow in time, however the prescription came in
  effect<'prescriptions.owed-balance-changed.v1', Services>('prescriptions.owed-balance-changed.v1', 'tell-prescriber-of-void', async ({ time, data: { balanceId, prescriptionId, to, reasonCode } }, { services, transact }) => {
    if (to !== 'VOID' || reasonCode !== 'PARTIAL_FILL_TOO_LATE') return
    const messageId = voidMessageId(balanceId)
    const xml = await transact(async (em) => {
      const { prescription, content } = await opened(em, services, prescriptionId)
      if (prescription.deaSchedule !== 'CII') return undefined
      const balance = await em.findOneOrFail(OwedBalance, { id: balanceId })
      return rxFillVoid(envelope(messageId, time, prescription), content, {
        dispensed: balance.dispensed, owed: owed(balance), day: clock.dayOf(balance.firstAt), why: `it was to follow by ${balance.deadline.toISOString()} (${citation(balance.rule).source})`,
      })
    })
    if (xml) await services.network.send({ messageId, xml })
  }),

  effect<'prescriptions.prescription-status-changed.v1', Services>('prescriptions.prescription-status-changed.v1', 'ask-prescriber', async ({ id, time, data: { prescriptionId, to } }, { services, transact }) => {
    if (to !== 'CLARIFICATION') return
    const messageId = clarificationMessageId(prescriptionId, id)
    const xml = await transact(async (em) => {
      const { prescription, content } = await opened(em, services, prescriptionId)
      // answered or taken back in the meantime
      if (prescription.status !== 'CLARIFICATION' || !prescription.statusReasonSealed) return undefined
      const question = await services.vault.open<string>(em, prescription.sealedFor, prescription.statusReasonSealed)
      return rxChangeRequest(envelope(messageId, time, prescription), content, prescription.number, question)
    })
    if (xml) await services.network.send({ messageId, xml })
  }),
]
