import type { Order, OrderLine } from '../entities/order.ts'

/** A line that is not supplied. */
export const isLost = ({ status }: OrderLine): boolean => status === 'BLOCKED' || status === 'RETURNED_TO_STOCK' || status === 'CANCELLED'

/** Price and tax of what is supplied of a line, minor units. */
export const lineDueMinor = (line: OrderLine): number => (isLost(line) ? 0 : (line.chargeMinor ?? line.lineTotalMinor + line.taxMinor))

/** What the patient owes, minor units: price and tax of what is supplied, and the shipping as quoted. Nothing where nothing is supplied. */
export const amountDueMinor = (order: Order, lines: readonly OrderLine[]): number =>
  lines.every(isLost) ? 0 : lines.reduce((due, line) => due + lineDueMinor(line), order.shippingMinor)
