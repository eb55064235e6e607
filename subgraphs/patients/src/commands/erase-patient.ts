import { apply, canonicalHash, clock, destroyKey, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { Allergy } from '../entities/allergy.ts'
import { Condition } from '../entities/condition.ts'
import { confirmers, ErasureConfirmation, ErasureRequest, keepers, type Confirmer } from '../entities/erasure.ts'
import { InsurancePolicy } from '../entities/insurance-policy.ts'
import { PatientToken } from '../entities/patient-token.ts'
import { Patient } from '../entities/patient.ts'
import { erasureLifecycle } from '../lifecycles/erasure.ts'
import { services } from '../services.ts'

/** Events of ours that hold something of the patient under MATCH_KEY instead of the patient's own key. */
export const tellingEvents = ['patients.clinical-profile-changed.v1', 'patients.patient-registered.v1'] as const

/** Destroys the patient's key here and tells the other keepers to destroy theirs. What is left are ids, consents and days. */
export async function erasePatient(em: EntityManager, actor: Actor, requestId: string): Promise<void> {
  const request = await em.findOne(ErasureRequest, { id: requestId, status: 'RESTRICTED' }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (!request) return
  const { patientId } = request
  await em.findOne(Patient, { id: patientId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  // hashes of codes and addresses would still say something to whoever has the key of hashes
  for (const entity of [PatientToken, InsurancePolicy, Allergy, Condition] as const) await em.nativeDelete(entity as typeof Allergy, { patientId })
  await em.execute('delete from outbox where subject = ? and type = any(?::text[]) and published_at is not null', [patientId, `{${tellingEvents.join(',')}}`])
  await destroyKey(em, patientId)
  apply(em, actor, erasureLifecycle, request, 'erase')
  await em.flush()
  await confirmErasure(em, actor, requestId, 'patients')
}

/** Notes that a keeper has destroyed its key, or that the account is gone; the last one makes the certificate. */
export async function confirmErasure(em: EntityManager, actor: Actor, requestId: string, service: Confirmer): Promise<void> {
  const request = await em.findOne(ErasureRequest, { id: requestId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  // a certificate lists who had confirmed when it was made, and nobody after
  if (!request || request.status === 'CERTIFIED') return
  await em.execute('insert into erasure_confirmation (request_id, service, at) values (?, ?, ?) on conflict do nothing', [requestId, service, clock.now()])
  const confirmations = await em.find(ErasureConfirmation, { requestId }, { orderBy: { service: 'asc' } })
  const awaited: readonly Confirmer[] = services().accounts ? confirmers : keepers
  if (request.status !== 'ERASING' || !awaited.every((one) => confirmations.some((known) => known.service === one))) return
  request.certifiedAt = clock.now()
  request.certificateHash = canonicalHash(certificateOf(request, confirmations))
  apply(em, actor, erasureLifecycle, request, 'certify')
  await em.flush()
}

/** What was erased, when, and who confirms it; its hash goes into the trail. */
export const certificateOf = ({ id, patientId, requestedAt, erasedAt }: ErasureRequest, confirmations: readonly ErasureConfirmation[]) => ({
  requestId: id, patientId, requestedAt: requestedAt.toISOString(), erasedAt: erasedAt?.toISOString() ?? null,
  confirmations: confirmations.map(({ service, at }) => ({ service, at: at.toISOString() })),
})
