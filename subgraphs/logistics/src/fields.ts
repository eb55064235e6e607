/** Checks of what clients send. Each throws INVALID_INPUT naming the field. */
import { invalid, isId } from '@pharmagraph/platform'
import type { Point } from './geo/distance.ts'

export function id(field: string, value: string): string {
  if (!isId(value)) throw invalid(field, `${field} is not an id of ours`)
  return value
}

export function text(field: string, value: string, longest = 100): string {
  const trimmed = value.trim()
  if (!trimmed || trimmed.length > longest) throw invalid(field, `${field} must have 1 to ${longest} characters`)
  return trimmed
}

export const optionalText = (field: string, value: string | null | undefined, longest = 100): string | null => (value?.trim() ? text(field, value, longest) : null)

export function point({ latitude, longitude }: Point): Point {
  if (!(Math.abs(latitude) <= 90)) throw invalid('latitude', 'latitude must be from -90 to 90 degrees')
  if (!(Math.abs(longitude) <= 180)) throw invalid('longitude', 'longitude must be from -180 to 180 degrees')
  return { latitude, longitude }
}

/** SHA-256 in hex. */
export function evidenceHash(value: string | null | undefined): string | null {
  if (!value) return null
  if (!/^[0-9a-f]{64}$/i.test(value)) throw invalid('evidenceHash', 'evidenceHash is a SHA-256 in 64 hex digits')
  return value.toLowerCase()
}
