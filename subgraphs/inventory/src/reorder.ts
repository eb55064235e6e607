/** When to order and how much: reorder point with safety stock, economic order quantity. Pure; quantities in dispensing units, times in days. */
import { units } from './quantity.ts'

export type Demand = { meanPerDay: number; sdPerDay: number }
export type Supply = { leadDays: number; leadSdDays: number; z: number; targetCoverDays: number; orderCostMinor: number; holdingCostMinorPerYear: number }
/** Free units of one lot; sorted by expiry. */
export type Stocked = { free: number; daysLeft: number }

/** Mean and population standard deviation of daily use; days without use count as zero. */
export function demandOf(used: readonly number[], days: number): Demand {
  const mean = used.reduce((total, one) => total + one, 0) / days
  const squares = used.reduce((total, one) => total + (one - mean) ** 2, 0) + (days - used.length) * mean ** 2
  return { meanPerDay: mean, sdPerDay: Math.sqrt(squares / days) }
}

/** d̄·L + z·√(L·σd² + d̄²·σL²) */
export const reorderPoint = ({ meanPerDay, sdPerDay }: Demand, { leadDays, leadSdDays, z }: Supply): number =>
  units(meanPerDay * leadDays + z * Math.sqrt(leadDays * sdPerDay ** 2 + meanPerDay ** 2 * leadSdDays ** 2))

/** Units that will be used before their lot may be dispensed no more, at the mean demand, first expired first. The rest counts for nothing. */
export function usable(lots: readonly Stocked[], { meanPerDay }: Demand): number {
  let taken = 0
  for (const { free, daysLeft } of lots) taken += Math.max(0, Math.min(free, meanPerDay * Math.max(0, daysLeft) - taken))
  return units(taken)
}

/** √(2·D·K/h) over a year. */
export const economicOrderQuantity = ({ meanPerDay }: Demand, { orderCostMinor, holdingCostMinorPerYear }: Supply): number =>
  holdingCostMinorPerYear === 0 ? 0 : Math.sqrt((2 * meanPerDay * 365 * orderCostMinor) / holdingCostMinorPerYear)

/** Whole packages: the larger of the economic quantity and what lifts the position to the target; nothing above the reorder point. */
export function suggestedOrder(position: number, demand: Demand, supply: Supply, packageSize: number): number {
  const point = reorderPoint(demand, supply)
  if (position > point || demand.meanPerDay === 0) return 0
  const target = point + demand.meanPerDay * supply.targetCoverDays
  const wanted = Math.max(economicOrderQuantity(demand, supply), target - position)
  return units(Math.ceil(units(wanted) / packageSize) * packageSize)
}
