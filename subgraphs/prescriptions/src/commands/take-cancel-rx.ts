import { LockMode } from '@mikro-orm/postgresql'
import { systemActor, type EntityManager } from '@pharmagraph/platform'
import { Prescription, refillsRemaining } from '../entities/prescription.ts'
import type { CancelRx } from '../erx/script-reader.ts'
import { endPrescription } from './cancel-prescription.ts'

const actor = systemActor('prescriptions')
const reason = { code: 'CANCELLED_BY_PRESCRIBER', message: 'the prescriber took the prescription back' }

export type Cancellation = { approved: boolean; note: string; prescription?: Prescription }

/** The prescriber takes a prescription back over the network. Denied where it is not theirs or all of it was dispensed. */
export async function takeCancelRx(em: EntityManager, { npi, prescriberOrderNumber, originalMessageId }: CancelRx): Promise<Cancellation> {
  const named = [...(prescriberOrderNumber ? [{ prescriberOrderNumber }] : []), ...(originalMessageId ? [{ messageId: originalMessageId }] : [])]
  const prescription = npi && named.length ? await em.findOne(Prescription, { prescriberNpi: npi, $or: named }, { orderBy: { id: 'desc' }, lockMode: LockMode.PESSIMISTIC_WRITE }) : null
  if (!prescription) return { approved: false, note: 'No prescription of this prescriber is known under that number.' }
  const { status } = prescription
  if (status === 'CANCELLED' || status === 'DISCONTINUED') return { approved: true, note: 'The prescription was cancelled before.', prescription }
  if (!(await endPrescription(em, actor, prescription, reason))) {
    return { approved: false, note: status === 'DEPLETED' ? 'Everything prescribed was dispensed.' : `The prescription is ${status.toLowerCase()} and was not dispensed.`, prescription }
  }
  const { fillsReleased } = prescription
  return { approved: true, prescription, note: fillsReleased ? `Dispensed ${fillsReleased} times; the remaining ${refillsRemaining(prescription)} refills are cancelled.` : 'Cancelled, nothing was dispensed.' }
}
