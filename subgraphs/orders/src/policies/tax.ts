/** State sales tax on medicines. State rates only: a tax service would add the counties' and cities' where they apply. */

export type TaxClass = 'PRESCRIPTION' | 'OVER_THE_COUNTER'
export type TaxRow = { state: string; taxClass: TaxClass; from: string; ratePpm: number; source: string }

const fta = 'Federation of Tax Administrators, State Sales Tax Rates and Food & Drug Exemptions, as of 2023-01-01'

/** Over-the-counter drugs at the general rate, in millionths; zero where the state has no sales tax or exempts them. */
const overTheCounter2023: Record<string, number> = {
  AL: 40_000, AK: 0, AZ: 56_000, AR: 65_000, CA: 72_500, CO: 29_000, CT: 63_500, DE: 0, DC: 0, FL: 0, GA: 40_000, HI: 40_000,
  ID: 60_000, IL: 10_000, IN: 70_000, IA: 60_000, KS: 65_000, KY: 60_000, LA: 44_500, ME: 55_000, MD: 0, MA: 62_500, MI: 60_000,
  MN: 0, MS: 70_000, MO: 42_250, MT: 0, NE: 55_000, NV: 68_500, NH: 0, NJ: 0, NM: 50_000, NY: 0, NC: 47_500, ND: 50_000,
  OH: 57_500, OK: 45_000, OR: 0, PA: 0, RI: 70_000, SC: 60_000, SD: 45_000, TN: 70_000, TX: 0, UT: 61_000, VT: 0, VA: 0,
  WA: 65_000, WV: 60_000, WI: 50_000, WY: 40_000,
}

/** A row holds until the next of its state and class begins. */
export const taxRows: readonly TaxRow[] = [
  ...Object.entries(overTheCounter2023).map(([state, ratePpm]): TaxRow => ({ state, taxClass: 'OVER_THE_COUNTER', from: '2023-01-01', ratePpm, source: fta })),
  { state: 'NM', taxClass: 'OVER_THE_COUNTER', from: '2023-07-01', ratePpm: 48_750, source: `${fta}, note 7` },
  ...Object.keys(overTheCounter2023).map((state): TaxRow => ({ state, taxClass: 'PRESCRIPTION', from: '2023-01-01', ratePpm: state === 'IL' ? 10_000 : 0, source: fta })),
]

/** The row in force for a destination on `day` (YYYY-MM-DD); a place without a row has no sales tax of ours to collect. */
export const taxRateFor = (taxClass: TaxClass, state: string, day: string): Pick<TaxRow, 'ratePpm' | 'source'> =>
  taxRows.filter((row) => row.state === state && row.taxClass === taxClass && row.from <= day).sort((a, b) => a.from.localeCompare(b.from)).at(-1)
  ?? { ratePpm: 0, source: 'house policy: no row, no tax collected' }
