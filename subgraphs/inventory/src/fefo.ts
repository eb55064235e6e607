/** First expired, first out: which lots give an order its units. Pure; the caller has locked the rows. */
import { addDays } from '@pharmagraph/platform'
import { units } from './quantity.ts'

/** A lot's free units. Lists of these come sorted by expiry, then id. */
export type Shelf = { lotId: string; drugId: string; locationId: string; expiryDate: string; free: number }
/** `keepsUntil`: the first day the units may expire on. */
export type Need = { orderLineId: string; drugId: string; quantity: number; keepsUntil: string }
export type Pick = { lotId: string; quantity: number }
export type Short = { orderLineId: string; drugId: string; requested: number; available: number }
export type LotRules = { maxLots: number; singleLotWindowDays: number }

/** Picks by order line, or every line that falls short and the most that one location could give it. */
export type Allotment = { picks: Map<string, Pick[]>; short?: undefined } | { picks?: undefined; short: Short[] }

/**
 * All lines or nothing. One location packs the whole order if one can: of several, the one with the oldest stock. If
 * none can, each line still comes from one location.
 */
export function allot(needs: readonly Need[], shelves: readonly Shelf[], rules: LotRules): Allotment {
  const locations = [...Map.groupBy(shelves, ({ locationId }) => locationId).values()].sort((a, b) => byExpiry(a[0]!, b[0]!))
  for (const shelvesThere of locations) {
    const { picks, short } = pickAll(needs, [shelvesThere], rules)
    if (short.length === 0) return { picks }
  }
  const { picks, short } = pickAll(needs, locations, rules)
  return short.length === 0 ? { picks } : { short }
}

function pickAll(needs: readonly Need[], locations: readonly Shelf[][], rules: LotRules): { picks: Map<string, Pick[]>; short: Short[] } {
  // lines may ask for the same drug: what one has picked the next cannot have
  const remaining = locations.map((shelves) => shelves.map((shelf) => ({ ...shelf })))
  const picks = new Map<string, Pick[]>()
  const short: Short[] = []
  for (const need of needs) {
    const choices = remaining.map((shelves) => shelves.filter((shelf) => shelf.drugId === need.drugId && shelf.expiryDate >= need.keepsUntil && shelf.free > 0))
    const picked = choices.map((suitable) => pickLots(need.quantity, suitable, rules)).find((found) => found !== undefined)
    if (!picked) {
      const available = Math.max(0, ...choices.map((suitable) => largest(suitable, rules.maxLots)))
      short.push({ orderLineId: need.orderLineId, drugId: need.drugId, requested: need.quantity, available })
      continue
    }
    for (const { lotId, quantity } of picked) {
      const shelf = remaining.flat().find((candidate) => candidate.lotId === lotId)!
      shelf.free = units(shelf.free - quantity)
    }
    picks.set(need.orderLineId, picked)
  }
  return { picks, short }
}

/**
 * One lot if the first that covers the line alone expires within the window after the oldest; otherwise the oldest lots
 * that reach the quantity within `maxLots`, skipping a lot only where taking it would need one lot too many.
 */
export function pickLots(quantity: number, suitable: readonly Shelf[], { maxLots, singleLotWindowDays }: LotRules): Pick[] | undefined {
  const [oldest] = suitable
  const single = suitable.find(({ free }) => free >= quantity)
  if (oldest && single && single.expiryDate <= addDays(oldest.expiryDate, singleLotWindowDays)) return [{ lotId: single.lotId, quantity }]

  const picked: Pick[] = []
  let missing = quantity
  for (const [index, { lotId, free }] of suitable.entries()) {
    const taken = Math.min(free, missing)
    const lotsLeft = maxLots - picked.length - 1
    if (lotsLeft < 0 || units(missing - taken) > largest(suitable.slice(index + 1), lotsLeft)) continue
    picked.push({ lotId, quantity: taken })
    missing = units(missing - taken)
    if (missing === 0) return picked
  }
  return undefined
}

/** The most that `count` of the lots can give together. */
const largest = (shelves: readonly Shelf[], count: number): number =>
  units(shelves.map(({ free }) => free).sort((a, b) => b - a).slice(0, count).reduce((total, free) => total + free, 0))

const byExpiry = (a: Shelf, b: Shelf): number => a.expiryDate.localeCompare(b.expiryDate) || a.lotId.localeCompare(b.lotId)
