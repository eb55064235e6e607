/** A patient's picture of a paper prescription, before it is kept: what it is, by its bytes and not by what the sender says. */
import { createHash } from 'node:crypto'
import { AppError, invalid } from '@pharmagraph/platform'
import { fileTypeFromBuffer } from 'file-type'
import type { Scanner } from './scanner.ts'

export const maxPictureBytes = 10 * 1024 * 1024
/** Types a pharmacist's browser shows, by their magic bytes. */
const accepted = ['image/jpeg', 'image/png', 'image/webp', 'image/heic', 'application/pdf'] as const

export type Picture = { contentType: string; bytes: number; sha256: string }

/** Throws INVALID_INPUT for what is no picture or PDF, is too large, or carries a virus. */
export async function readPicture(body: Buffer, scanner: Scanner): Promise<Picture> {
  if (body.length === 0) throw invalid('body', 'send the picture as the body of the request')
  if (body.length > maxPictureBytes) throw new AppError('INVALID_INPUT', 'a picture has at most 10 MB', { field: 'body' }, { http: 413 })
  const contentType = (await fileTypeFromBuffer(body))?.mime
  if (!contentType || !accepted.some((type) => type === contentType)) throw new AppError('INVALID_INPUT', 'send a JPEG, PNG, WebP or HEIC picture, or a PDF', { field: 'body' }, { http: 415 })
  const found = await scanner.scan(body)
  if (found) throw new AppError('INVALID_INPUT', `the file was not accepted: it carries ${found}`, { field: 'body' })
  return { contentType, bytes: body.length, sha256: sha256Of(body) }
}

export const sha256Of = (body: Buffer): string => createHash('sha256').update(body).digest('hex')
