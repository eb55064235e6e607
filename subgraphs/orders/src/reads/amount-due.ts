import type { Order, OrderLine } from '../entities/order.ts'

/** A line that is not supplied. */
export const isLost = ({ status }: OrderLine): boolean => status === 'BLOCKED'

/** What the patient owes, minor units: the frozen total less price and tax of the lines left out. Shipping stays as quoted. */
export const amountDueMinor = (order: Order, lines: readonly OrderLine[]): number =>
  lines.filter(isLost).reduce((due, { lineTotalMinor, taxMinor }) => due - lineTotalMinor - taxMinor, order.totalMinor)
