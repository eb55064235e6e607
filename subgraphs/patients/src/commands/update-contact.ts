import { invalid, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { Channel, Identity } from '../entities/patient.ts'
import * as fields from '../fields.ts'
import { openPatient, type OpenedPatient } from '../opened.ts'
import type { Services } from '../services.ts'
import { keepMatchTokens } from './keep-match-tokens.ts'
import { patientNamed } from './patient-named.ts'

type ContactInput = Partial<Record<'email' | 'phone' | 'preferredLanguage' | 'quietFrom' | 'quietTo' | 'timeZone', string | null | undefined>> & {
  channels?: readonly Channel[] | null | undefined
}

/** Changes what is named. Quiet hours are cleared by null, set by both ends. */
export async function updateContact(em: EntityManager, actor: Actor, { vault, matchKey }: Services, input: ContactInput): Promise<OpenedPatient> {
  const patient = await patientNamed(em, actor, 'patient:update-contact')
  const { id } = patient
  if (input.preferredLanguage) patient.preferredLanguage = fields.language(input.preferredLanguage)
  if (input.channels) patient.channels = fields.channelList(input.channels)
  if (input.timeZone) patient.timeZone = fields.timeZone(input.timeZone)
  if (input.quietFrom !== undefined) patient.quietFrom = input.quietFrom && fields.timeOfDay('quietFrom', input.quietFrom)
  if (input.quietTo !== undefined) patient.quietTo = input.quietTo && fields.timeOfDay('quietTo', input.quietTo)
  if (!patient.quietFrom !== !patient.quietTo) throw invalid(patient.quietFrom ? 'quietTo' : 'quietFrom', 'quiet hours need a beginning and an end')
  if (patient.quietFrom && patient.quietFrom === patient.quietTo) throw invalid('quietTo', 'quiet hours that end when they begin are none: clear them, or name another end')

  const known = await vault.open<Identity>(em, id, patient.sealed)
  const identity: Identity = {
    ...known,
    ...(input.email ? { email: fields.email(input.email) } : {}),
    ...(input.phone ? { phone: fields.phone(input.phone) } : {}),
  }
  if (identity.email !== known.email || identity.phone !== known.phone) {
    patient.sealed = await vault.seal(em, id, identity)
    await keepMatchTokens(em, actor, matchKey, id, identity)
  }
  await em.flush()
  return openPatient(em, vault, patient)
}
