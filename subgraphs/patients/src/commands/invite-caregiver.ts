import { blindIndex, clock, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { randomBytes } from 'node:crypto'
import { Delegation, type DelegationDetails, type DelegationScope } from '../entities/delegation.ts'
import * as fields from '../fields.ts'
import type { Services } from '../services.ts'
import { patientNamed } from './patient-named.ts'
import { mustNotBeRestricted } from './restricted.ts'

const validMs = 7 * 24 * 60 * 60_000

export type Invitation = { name: string; relationship: string; scopes: readonly DelegationScope[] }

/** Invites a person the patient chose. Whoever has the code may take it up: 120 random bits, kept as a keyed hash. */
export async function inviteCaregiver(
  em: EntityManager, actor: Actor, services: Services, input: Invitation & { patientId?: string },
): Promise<{ invitation: Delegation & DelegationDetails; code: string }> {
  const { vault, matchKey } = services
  const { id: patientId } = await patientNamed(em, actor, 'patient:delegate', input.patientId)
  await mustNotBeRestricted(em, patientId)
  const name = fields.personName('name', input.name)
  const relationship = fields.text('relationship', input.relationship, 50)
  const code = randomBytes(15).toString('base64url')
  const delegation = em.create(Delegation, {
    id: newId(), patientId, subject: null, relationship: null, scopes: fields.delegationScopes(input.scopes), status: 'INVITED', announced: 0,
    sealed: await vault.seal(em, patientId, { name, relationship }), codeIndex: codeIndex(matchKey, code), expiresAt: new Date(clock.now().getTime() + validMs), since: null,
  })
  await em.flush()
  return { invitation: { ...delegation, name, relationship }, code }
}

export const codeIndex = (matchKey: Buffer, code: string): string => blindIndex(matchKey, 'CAREGIVER_INVITATION', code.trim())
