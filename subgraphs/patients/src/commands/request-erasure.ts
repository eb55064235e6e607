import { apply, begin, clock, newId, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import { purposes } from '../entities/consent.ts'
import { Delegation } from '../entities/delegation.ts'
import { ErasureRequest } from '../entities/erasure.ts'
import * as fields from '../fields.ts'
import { delegationLifecycle } from '../lifecycles/delegation.ts'
import { erasureLifecycle } from '../lifecycles/erasure.ts'
import { latestConsent } from '../reads/latest-consents.ts'
import { patientNamed } from './patient-named.ts'
import { dropQueued, recordConsent } from './set-consent.ts'

const reflectionMs = 7 * 24 * 60 * 60_000

/**
 * Takes up a patient's wish to be erased, once. From this moment the record is only kept (GDPR 18): every consent is
 * withdrawn, nobody acts for the patient any more. It is destroyed when the law no longer wants it.
 */
export async function requestErasure(em: EntityManager, actor: Actor, input: { patientId?: string | null | undefined }): Promise<ErasureRequest> {
  const { id: patientId } = await patientNamed(em, actor, 'patient:erase', input.patientId)
  const known = await em.findOne(ErasureRequest, { patientId, status: { $ne: 'WITHDRAWN' } })
  if (known) return known
  const now = clock.now()
  const request = em.create(ErasureRequest, {
    id: newId(), patientId, status: 'RESTRICTED', requestedAt: now, notBefore: new Date(now.getTime() + reflectionMs), erasedAt: null, certifiedAt: null, certificateHash: null,
  })
  begin(em, actor, erasureLifecycle, request, 'request')
  for (const purpose of purposes) {
    const consent = await latestConsent(em, patientId, purpose)
    if (consent?.granted) await recordConsent(em, actor, patientId, { purpose, granted: false, policyVersion: consent.policyVersion })
  }
  await dropQueued(em, patientId)
  for (const delegation of await em.find(Delegation, { patientId, status: { $ne: 'REVOKED' } }, { lockMode: LockMode.PESSIMISTIC_WRITE })) {
    apply(em, actor, delegationLifecycle, delegation, 'revoke')
    delegation.codeIndex = null
    // one by one: the ORM cannot empty a unique column of several versioned rows in one statement
    await em.flush()
  }
  await em.flush()
  return request
}

/** Consents stay withdrawn: the patient gives them anew where they want to. */
export async function withdrawErasure(em: EntityManager, actor: Actor, requestId: string): Promise<ErasureRequest> {
  const request = await em.findOne(ErasureRequest, { id: fields.id('requestId', requestId) }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (!request || !access.can(actor, 'patient:erase', { id: request.patientId })) throw notFound('erasure request')
  if (request.status !== 'WITHDRAWN') apply(em, actor, erasureLifecycle, request, 'withdraw')
  await em.flush()
  return request
}
