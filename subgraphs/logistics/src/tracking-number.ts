import type { EntityManager } from '@pharmagraph/platform'
import { gs1CheckDigit } from '@pharmagraph/schema/identifiers'

const range = 10n ** 10n
/** Prime, so that multiplying by it permutes the range: numbers never repeat, and neighbours tell nothing of our volume. */
const multiplier = 7_919_377_331n

/** Label of our own courier: PG, ten digits, and a check digit against misread scans. */
export async function nextTrackingNumber(em: EntityManager): Promise<string> {
  const [row] = await em.execute<{ n: string }[]>("select nextval('tracking_number')::text as n")
  const digits = ((BigInt(row!.n) * multiplier) % range).toString().padStart(10, '0')
  return `PG${digits}${gs1CheckDigit(digits)}`
}

export const isTrackingNumber = (text: string): boolean => /^PG\d{11}$/.test(text) && gs1CheckDigit(text.slice(2, 12)) === Number(text[12])
