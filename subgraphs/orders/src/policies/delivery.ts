import type { Order, OrderLine } from '../entities/order.ts'

/**
 * House policy, as is usual in the trade: controlled substances and parcels above 500 USD are signed for by an adult.
 * Federal law does not ask for it; states and carriers may.
 */
const signatureAboveMinor = 50_000

export const needsAdultSignature = (order: Order, lines: readonly OrderLine[]): boolean =>
  order.totalMinor > signatureAboveMinor || lines.some(({ deaSchedule }) => deaSchedule !== 'NONE')

export const needsColdChain = (lines: readonly OrderLine[]): boolean =>
  lines.some(({ storageClass }) => storageClass === 'REFRIGERATED' || storageClass === 'FROZEN')
