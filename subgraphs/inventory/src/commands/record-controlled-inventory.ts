import { addMonths, clock, invalid, isId, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { ControlledInventoryRecord } from '../entities/controlled-inventory-record.ts'
import { Location } from '../entities/location.ts'
import { Lot } from '../entities/lot.ts'
import type { RecordControlledInventoryInput } from '../generated/resolvers.ts'
import { checkUnits } from '../quantity.ts'
import { controlledInventory } from '../reads/controlled-inventory.ts'
import { requestCount } from './count-stock.ts'

/**
 * Records what was found of every controlled substance at a location. Schedule II and containers above 1,000 units must
 * have been counted exactly; where such a count differs from the books, a blind count of each of its lots is asked for,
 * which opens the loss case if units are missing (C21).
 */
export async function recordControlledInventory(em: EntityManager, actor: Actor, { locationId, businessTime, lines }: RecordControlledInventoryInput): Promise<ControlledInventoryRecord> {
  access.must(actor, 'controlled-inventory:record', undefined)
  if (!isId(locationId) || !(await em.findOne(Location, { id: locationId }))) throw invalid('locationId', 'this location is not known here')
  const today = clock.today()
  await em.execute('select pg_advisory_xact_lock(hashtext(?))', [`controlled-inventory:${locationId}`])
  const before = await em.findOne(ControlledInventoryRecord, { locationId, takenOn: today, businessTime })
  if (before) return before
  const booked = new Map((await controlledInventory(em, locationId)).map((line) => [line.drugId, line]))
  const found = new Map(lines.map((line) => [line.drugId, line]))
  for (const { drugId, quantity } of lines) {
    checkUnits('lines', quantity)
    if (quantity < 0 || found.size < lines.length) throw invalid('lines', 'each controlled substance once, with what is there of it')
    if (!booked.has(drugId)) throw invalid('lines', 'one of these drugs is not controlled, or not on the books here: adjust the books first')
  }
  for (const { drugId, ndc, exactCount } of booked.values()) {
    const line = found.get(drugId)
    if (!line) throw invalid('lines', `${ndc} is missing: the inventory is of all controlled substances`)
    if (exactCount && !line.exact) throw invalid('lines', `${ndc} must be counted exactly (21 CFR 1304.11(e)(6))`)
  }
  const differing = lines.filter(({ drugId, quantity, exact }) => exact && quantity !== booked.get(drugId)!.quantity).map(({ drugId }) => drugId)
  const lots = await em.find(Lot, { drugId: { $in: differing }, locationId, quantityOnHand: { $gt: 0 } }, { orderBy: { expiryDate: 'asc', id: 'asc' } })
  for (const { id } of lots) await requestCount(em, actor, id)
  const twoYearsOn = addMonths(today, 24)
  return em.create(ControlledInventoryRecord, {
    id: newId(), locationId, takenOn: today, businessTime, takenBy: actor.subject, takenAt: clock.now(), nextDueOn: twoYearsOn, retainUntil: twoYearsOn,
    lines: lines.map(({ drugId, quantity, exact }) => {
      const { ndc, deaSchedule, quantity: books } = booked.get(drugId)!
      return { drugId, ndc, deaSchedule, quantity, exact, booked: books }
    }),
  })
}
