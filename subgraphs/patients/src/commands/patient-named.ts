import { notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import { Patient } from '../entities/patient.ts'
import * as fields from '../fields.ts'
import { scopesFor } from '../reads/visible-patients.ts'

type Action = Parameters<typeof access.can>[1] & `patient:${string}`

/** The patient a command is about, authorised and locked: the one named, or the signed-in patient when none is. */
export async function patientNamed(em: EntityManager, actor: Actor, action: Action, patientId?: string | null): Promise<Patient> {
  const id = fields.id('patientId', patientId ?? actor.patientId ?? '')
  access.must(actor, action, { id, delegated: await scopesFor(em, actor, id) })
  const patient = await em.findOne(Patient, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (!patient) throw notFound('patient')
  return patient
}
