import type { ReturnCause } from '../entities/return.ts'

export type ReturnRow = {
  cause: ReturnCause
  goods: 'PRESCRIPTION' | 'OVER_THE_COUNTER'
  from: string
  /** What the pharmacy does of itself; REVIEW leaves it to the staff. */
  decision: 'APPROVE' | 'REVIEW' | 'DECLINE'
  /** Of price and tax. */
  refundPercent: number
  shipping: boolean
  source: string
}

const neverSoldAgain = 'FDA CPG Sec. 460.300: a medicine that left the pharmacy does not return to its stock'
const house = `house policy; ${neverSoldAgain}`
const ours = { from: '2023-01-01', decision: 'APPROVE', refundPercent: 100, shipping: true, source: house } as const
const theirs = { from: '2023-01-01', decision: 'APPROVE', refundPercent: 100, shipping: false, source: house } as const

/** Newest last. No row brings goods back on sale: what comes back is destroyed or kept in quarantine. */
export const returnRows: readonly ReturnRow[] = (['PRESCRIPTION', 'OVER_THE_COUNTER'] as const).flatMap((goods): ReturnRow[] => [
  { cause: 'RECALLED', goods, ...ours, source: `21 CFR 7; ${house}` },
  { cause: 'WRONG_ITEM', goods, ...ours, decision: 'REVIEW' },
  { cause: 'DAMAGED', goods, ...ours, decision: 'REVIEW' },
  { cause: 'UNDELIVERABLE', goods, ...theirs },
  { cause: 'REFUSED', goods, ...theirs },
  { cause: 'CHANGED_MIND', goods, ...theirs, ...(goods === 'PRESCRIPTION' ? { decision: 'DECLINE', refundPercent: 0 } : { decision: 'REVIEW' }) },
])

/** Days after the delivery within which a return may be asked for. House policy. */
export const returnWindowDays = 30

/** The row in force on `day` (YYYY-MM-DD). */
export function returnRowFor(cause: ReturnCause, prescribed: boolean, day: string): ReturnRow {
  const row = returnRows.findLast((one) => one.cause === cause && one.goods === (prescribed ? 'PRESCRIPTION' : 'OVER_THE_COUNTER') && one.from <= day)
  if (!row) throw new RangeError(`no return policy for ${cause} on ${day}`)
  return row
}
