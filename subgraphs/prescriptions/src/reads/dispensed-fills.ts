import { addDays, invalid, isId, page, type Connection, type EntityManager, type Page } from '@pharmagraph/platform'
import { Fill } from '../entities/fill.ts'
import { Prescription } from '../entities/prescription.ts'
import { endOfDay } from '../regulations/partial-fill.ts'

export type Dispensed = { prescriptionNumber?: string | null | undefined; drugId?: string | null | undefined; from?: string | null | undefined; to?: string | null | undefined }

/** The refill-by-refill trail of 21 CFR 1306.22(f): of one prescription, or of a drug over legal days. What came back on the shelf is among it, with that status. */
export async function dispensedFills(em: EntityManager, { prescriptionNumber, drugId, from, to }: Dispensed, request: Page): Promise<Connection<Fill>> {
  if (!prescriptionNumber && !drugId) throw invalid('prescriptionNumber', 'name a prescription by its number, or a drug')
  const prescription = prescriptionNumber ? await em.findOne(Prescription, { number: prescriptionNumber.trim().toUpperCase() }) : null
  if ((prescriptionNumber && !prescription) || (drugId && !isId(drugId))) return { edges: [], nodes: [], pageInfo: { hasNextPage: false, endCursor: null } }
  return page(em, Fill, {
    ...(prescription ? { prescriptionId: prescription.id } : {}), ...(drugId ? { drugId } : {}),
    releasedAt: { $ne: null, ...(from ? { $gt: endOfDay(addDays(from, -1)) } : {}), ...(to ? { $lte: endOfDay(to) } : {}) },
  }, request)
}
