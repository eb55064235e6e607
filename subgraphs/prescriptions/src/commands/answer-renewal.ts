import { LockMode } from '@mikro-orm/postgresql'
import { AppError, apply, clock, systemActor, type EntityManager } from '@pharmagraph/platform'
import type { PrescriptionContent } from '../content.ts'
import { DrugFact } from '../entities/facts.ts'
import { Prescription } from '../entities/prescription.ts'
import { RefillRequest } from '../entities/refill-request.ts'
import type { Renewal } from '../erx/renewal.ts'
import { isAsVerified, isIntact } from '../integrity/prescription.ts'
import { refillRequestLifecycle } from '../lifecycles/refill-request.ts'
import type { Services } from '../services.ts'
import { receivePrescription } from './receive-prescription.ts'

/** Message ids of our renewal requests: one per wish for a refill. */
export const renewalMessageId = (refillRequestId: string): string => `RENEW-${refillRequestId}`
const asked = /^RENEW-([0-9a-f-]{36})$/

const system = systemActor('erx-network')
const reasons: Record<Renewal['outcome'], string> = { Approved: 'RENEWED', ApprovedWithChanges: 'RENEWED_WITH_CHANGES', Replace: 'REPLACED', Denied: 'PRESCRIBER_DENIED' }

/**
 * The prescriber's answer: a new prescription that names the one before and goes through review like any other, or a no.
 * Undefined where we asked no such thing. A late answer after we gave up still makes the prescription, told twice it makes one.
 */
export async function answerRenewal(em: EntityManager, services: Services, { relatesTo, messageId, outcome, changes }: Renewal & { relatesTo: string; messageId: string }): Promise<Prescription | undefined> {
  const id = asked.exec(relatesTo)?.[1]
  const request = id ? await em.findOne(RefillRequest, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null
  if (!request) return undefined
  const prior = await em.findOneOrFail(Prescription, { id: request.prescriptionId })
  if (request.renewedById) return (await em.findOne(Prescription, { id: request.renewedById })) ?? prior
  if (outcome === 'Denied') {
    end(em, request, 'decline', reasons[outcome])
    return prior
  }
  const next = await renewed(em, services, prior, request, { outcome, changes }, messageId)
  request.renewedById = next.id
  end(em, request, 'renew', reasons[outcome])
  return next
}

function end(em: EntityManager, request: RefillRequest, verb: 'renew' | 'decline', reasonCode: string): void {
  if (request.status !== 'WITH_PRESCRIBER') return
  request.reasonCode = reasonCode
  apply(em, systemActor('prescriptions'), refillRequestLifecycle, request, verb, { reason: reasonCode })
}

async function renewed(em: EntityManager, services: Services, prior: Prescription, request: RefillRequest, { outcome, changes }: Renewal, messageId: string): Promise<Prescription> {
  const content = await services.vault.open<PrescriptionContent>(em, prior.sealedFor, prior.sealed)
  if (!isIntact(services.signer, prior, content) || !isAsVerified(services.signer, prior)) throw new AppError('INVALID_INPUT', 'the prescription to renew is no longer what was verified: write a new one', { field: 'RxReferenceNumber' })
  const drug = prior.drugId ? await em.findOne(DrugFact, { drugId: prior.drugId }) : null
  const next = await receivePrescription(em, system, services, {
    content: {
      ...content, daysSupply: content.daysSupply ?? prior.daysSupply ?? null, ...changes, issueDate: clock.today(), earliestFillDate: null,
      patient: { ...content.patient, id: request.patientId },
      drug: outcome === 'Approved' || !changes.drug ? { ...content.drug, ...(drug ? { ndc: drug.ndc } : {}) } : changes.drug,
    },
    source: 'NCPDP_SCRIPT', externalKey: `renewal:${request.id}`, messageId, prescriberOrderNumber: prior.prescriberOrderNumber ?? undefined,
  })
  if (next.patientId !== request.patientId) throw new AppError('INVALID_INPUT', 'the renewal does not match the patient of the prescription')
  Object.assign(next, { priorPrescriptionId: prior.id, autoRefill: prior.autoRefill })
  return next
}
