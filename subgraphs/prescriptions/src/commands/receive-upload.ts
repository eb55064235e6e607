import { clock, invalid, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import type { PrescriptionContent } from '../content.ts'
import { PatientFact } from '../entities/facts.ts'
import { Prescription } from '../entities/prescription.ts'
import { PrescriptionPicture } from '../entities/prescription-picture.ts'
import { patientState } from '../reads/fillable.ts'
import type { Services } from '../services.ts'
import type { Picture } from '../uploads/picture.ts'
import { recordPrescription } from './receive-prescription.ts'

/**
 * A patient sends a picture of a paper prescription: RECEIVED, and from there to data entry, where somebody reads it.
 * What it says is not known yet, so that quantity and refills are 0. The same picture again is the same prescription.
 */
export async function receiveUpload(em: EntityManager, actor: Actor, services: Services, { picture, body }: { picture: Picture; body: Buffer }): Promise<Prescription> {
  access.must(actor, 'upload:send', undefined)
  const patientId = actor.patientId!
  if (!(await em.count(PatientFact, { patientId, registered: true }))) throw invalid('patient', 'register as a patient of the pharmacy first')
  const externalKey = `upload:${patientId}:${picture.sha256}`
  await em.execute('select pg_advisory_xact_lock(hashtext(?))', [`receive:${externalKey}`])
  const known = await em.findOne(Prescription, { externalKey })
  if (known) return known
  const content = unread(patientId, picture)
  const prescription = await recordPrescription(em, actor, services, {
    content, source: 'UPLOAD', externalKey, patientId, practitionerId: null, drug: null, deaSchedule: 'NONE', state: await patientState(em, patientId, content),
  })
  em.create(PrescriptionPicture, {
    ...picture, prescriptionId: prescription.id, sealedFor: patientId, sealed: await services.vault.seal(em, patientId, body.toString('base64')), viewedBy: [], receivedAt: clock.now(),
  })
  return prescription
}

const unread = (patientId: string, picture: Picture): PrescriptionContent => ({
  patient: { id: patientId }, prescriber: { npi: '' }, drug: { text: 'An uploaded prescription, which the pharmacy has yet to read' }, sig: 'As on the picture',
  quantity: 0, daysSupply: null, refills: 0, daw: 0, issueDate: clock.today(), earliestFillDate: null, evaluationBasis: 'IN_PERSON', picture,
})

/** An upload nobody has read into fields yet. */
export const isUnread = ({ source, quantity }: Pick<Prescription, 'source' | 'quantity'>): boolean => source === 'UPLOAD' && quantity === 0
