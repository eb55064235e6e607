import { LockMode } from '@mikro-orm/postgresql'
import { AppError, isId, isStaff, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access, visiblePrescriptions } from '../access.ts'
import type { PrescriptionContent } from '../content.ts'
import { Prescription } from '../entities/prescription.ts'
import { PrescriptionPicture } from '../entities/prescription-picture.ts'
import type { Services } from '../services.ts'
import { sha256Of } from '../uploads/picture.ts'

/**
 * Shows an uploaded picture to its patient and to those who work with it, and notes that staff saw it. Throws
 * CONTENT_ALTERED where it is not the picture that was signed when it came in.
 */
export async function viewPicture(em: EntityManager, actor: Actor, { vault }: Services, prescriptionId: string | undefined): Promise<{ contentType: string; body: Buffer }> {
  const prescription = isId(prescriptionId) ? await em.findOne(Prescription, { $and: [{ id: prescriptionId }, visiblePrescriptions(actor)] }) : null
  const picture = prescription && (await em.findOne(PrescriptionPicture, { prescriptionId: prescription.id }, { populate: ['sealed'], lockMode: LockMode.PESSIMISTIC_WRITE }))
  if (!prescription || !picture) throw notFound('picture')
  if (isStaff(actor)) access.must(actor, 'picture:view', undefined)
  const content = await vault.open<PrescriptionContent>(em, prescription.sealedFor, prescription.sealed)
  const body = Buffer.from(await vault.open<string>(em, picture.sealedFor, picture.sealed), 'base64')
  if (sha256Of(body) !== content.picture?.sha256) throw new AppError('CONTENT_ALTERED', 'this is no longer the picture that was sent', {}, { http: 409 })
  if (isStaff(actor) && !picture.viewedBy.includes(actor.subject)) picture.viewedBy = [...picture.viewedBy, actor.subject]
  return { contentType: picture.contentType, body }
}

/** Whether the actor looked at the picture of an upload; true for what came any other way. */
export const hasSeenPicture = async (em: EntityManager, { subject }: Actor, { id, source }: Prescription): Promise<boolean> =>
  source !== 'UPLOAD' || ((await em.findOne(PrescriptionPicture, { prescriptionId: id }))?.viewedBy.includes(subject) ?? false)
