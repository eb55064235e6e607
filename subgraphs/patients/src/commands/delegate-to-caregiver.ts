import { newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { Caregiver } from '../entities/caregiver.ts'
import * as fields from '../fields.ts'
import { patientNamed } from './patient-named.ts'
import type { Services } from '../services.ts'

type Delegation = { patientId: string; subject: string; name: string; relationship: string }

/** Lets a person see the patient's record on their behalf. */
export async function delegateToCaregiver(em: EntityManager, actor: Actor, { vault }: Services, input: Delegation): Promise<void> {
  const { id: patientId } = await patientNamed(em, actor, 'patient:delegate', input.patientId)
  const subject = fields.text('subject', input.subject)
  if (await em.findOne(Caregiver, { patientId, subject })) return
  const sealed = await vault.seal(em, patientId, { name: fields.personName('name', input.name) })
  em.create(Caregiver, { id: newId(), patientId, subject, relationship: fields.text('relationship', input.relationship), sealed })
  await em.flush()
}
