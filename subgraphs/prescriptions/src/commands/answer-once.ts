import { createHash } from 'node:crypto'
import { clock, invalid, newId, type EntityManager } from '@pharmagraph/platform'
import { IntakeMessage } from '../entities/intake-message.ts'
import type { Prescription } from '../entities/prescription.ts'
import type { Services } from '../services.ts'

export type Answer = { status: number; body: string }
/** What a message came to; the raw message is kept, sealed, with the prescription it made. */
export type Handled = Answer & { prescription?: Prescription | undefined }

/**
 * Handles a message from outside once: its repeat gets the stored answer, in whatever order and however often it comes.
 * Throws INVALID_INPUT where the same identity comes with another body.
 */
export async function answerOnce(
  em: EntityManager, { vault }: Services, { key, raw }: { key: string; raw: Buffer | string }, handle: () => Promise<Handled>,
): Promise<Answer> {
  await em.execute('select pg_advisory_xact_lock(hashtext(?))', [`message:${key}`])
  const bodyHash = createHash('sha256').update(raw).digest('hex')
  const known = await em.findOne(IntakeMessage, { key })
  if (known && known.bodyHash !== bodyHash) throw invalid('MessageID', 'this message identity was used before for another message')
  if (known) return { status: known.answerStatus, body: known.answer }
  const { status, body, prescription } = await handle()
  em.create(IntakeMessage, {
    id: newId(), key, bodyHash, answerStatus: status, answer: body, receivedAt: clock.now(), prescriptionId: prescription?.id ?? null,
    ...(prescription ? { sealedFor: prescription.sealedFor, sealed: await vault.seal(em, prescription.sealedFor, raw.toString()) } : {}),
  })
  return { status, body }
}
