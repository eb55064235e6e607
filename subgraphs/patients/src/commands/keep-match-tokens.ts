import { emit, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { Identity } from '../entities/patient.ts'
import { PatientToken } from '../entities/patient-token.ts'
import { matchTokens } from '../match-tokens.ts'

/** Makes the patient findable by who they are now, here and for the others. */
export async function keepMatchTokens(em: EntityManager, actor: Actor, matchKey: Buffer, patientId: string, identity: Identity): Promise<void> {
  const tokens = matchTokens(matchKey, identity)
  await em.upsertMany(PatientToken, tokens.map((token) => ({ patientId, ...token })))
  emit(em, actor, 'patients.patient-registered.v1', patientId, { patientId, matchTokens: tokens })
}
