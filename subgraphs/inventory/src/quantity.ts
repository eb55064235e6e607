import { invalid } from '@pharmagraph/platform'

/** Quantities are dispensing units (tablets, millilitres …) with up to three decimals, as the columns keep them. */
export const units = (quantity: number): number => Math.round(quantity * 1000) / 1000

/** Refuses what is no count of units: not finite, finer than a thousandth, or too large for the books. */
export function checkUnits(field: string, quantity: number): void {
  if (!Number.isFinite(quantity) || units(quantity) !== quantity) throw invalid(field, 'a quantity has at most three decimals')
  if (Math.abs(quantity) > 999_999_999) throw invalid(field, 'this quantity is too large')
}
