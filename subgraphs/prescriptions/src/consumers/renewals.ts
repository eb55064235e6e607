import { clock, effect } from '@pharmagraph/platform'
import { renewalMessageId } from '../commands/answer-renewal.ts'
import type { PrescriptionContent } from '../content.ts'
import { Fill } from '../entities/fill.ts'
import { chainOf, Prescription } from '../entities/prescription.ts'
import { RefillRequest } from '../entities/refill-request.ts'
import { rxRenewalRequest } from '../erx/renewal.ts'
import type { Services } from '../services.ts'

/** Asks the prescriber over the network when a wish for a refill finds none left; the id makes a repeat harmless. */
export const renewalConsumers = [
  effect<'prescriptions.refill-request-changed.v1', Services>('prescriptions.refill-request-changed.v1', 'ask-for-renewal', async ({ time, data: { refillRequestId, to } }, { services, transact }) => {
    if (to !== 'WITH_PRESCRIBER') return
    const messageId = renewalMessageId(refillRequestId)
    const xml = await transact(async (em) => {
      const request = await em.findOneOrFail(RefillRequest, { id: refillRequestId })
      if (request.status !== 'WITH_PRESCRIBER') return undefined
      const prescription = await em.findOneOrFail(Prescription, { id: request.prescriptionId })
      const content = await services.vault.open<PrescriptionContent>(em, prescription.sealedFor, prescription.sealed)
      const [last] = await em.find(Fill, { chainId: chainOf(prescription), releasedAt: { $ne: null } }, { orderBy: { releasedAt: 'desc' }, limit: 1 })
      const envelope = {
        messageId, sentAt: time, from: 'PHARMAGRAPH', to: prescription.prescriberNpi, relatesTo: prescription.messageId ?? undefined, prescriberOrderNumber: prescription.prescriberOrderNumber ?? undefined,
      }
      return rxRenewalRequest(envelope, content, prescription.number, last?.releasedAt ? clock.dayOf(last.releasedAt) : undefined)
    })
    if (xml) await services.network.send({ messageId, xml })
  }),
]
