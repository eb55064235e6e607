import { createHash } from 'node:crypto'

/** What the stock rule reads of a formulary entry; see formulary.json. */
export interface StockedDrug {
  id: string
  ndc: string
  /** Dispensing units in one package. */
  packageSize: number
  packageUnit: string
}

export interface DemoLot {
  id: string
  drugId: string
  ndc: string
  locationId: string
  lotNumber: string
  /** ISO date, the last day of the labelled month. */
  expiryDate: string
  /** ISO date. */
  receivedDate: string
  /** Dispensing units (tablets, millilitres, …): whole packages, one of them sometimes opened. */
  quantityOnHand: number
  status: 'AVAILABLE' | 'QUARANTINED'
}

/** Nothing on the shelf at either pharmacy. */
export const outOfStockNdcs: readonly string[] = ['68382-003-01']

/** A single, short lot at the first pharmacy, so that reorder alerts have something to say. */
export const lowStockNdcs: readonly string[] = ['68180-980-03', '65162-766-11', '65862-019-01', '68180-160-06', '57237-100-99']

/** The first lot at the second pharmacy waits for a quality decision. */
export const quarantinedNdcs: readonly string[] = ['55111-280-50']

/** The first lot of every seventh drug expires early in 2027: what FEFO and the expiry report are for. */
const nearDatedOneIn = 7

/**
 * The invented lots of one drug at one pharmacy: 0 to 4, first to expire first. The same input gives the same lots on
 * every machine, since every choice is a byte of the SHA-256 of NDC and location.
 */
export function demoLots(drug: StockedDrug, location: { id: string; index: number }): DemoLot[] {
  if (outOfStockNdcs.includes(drug.ndc)) return []
  const choice = bytesOf(`${drug.ndc}@${location.id}`)
  const low = location.index === 0 && lowStockNdcs.includes(drug.ndc)
  const count = low ? 1 : 2 + (choice(0) % 3)
  const nearDated = bytesOf(drug.ndc)(0) % nearDatedOneIn === 0
  const packages = typicalPackages(drug)
  return Array.from({ length: count }, (_, index) => {
    const month = nearDated && index === 0 ? choice(1) % 2 : 5 + Math.floor(((index + 1) * 30) / count) - (choice(2 + index) % 6)
    const quantity = low ? Math.ceil(drug.packageSize * 0.2) : packages * drug.packageSize + (choice(6) % 2) * Math.floor(drug.packageSize / 4)
    return {
      id: lotId(drug.ndc, location.id, index),
      drugId: drug.id,
      ndc: drug.ndc,
      locationId: location.id,
      lotNumber: lotNumber(drug.ndc, location.id, index),
      expiryDate: lastDayOfMonth(2027, month),
      receivedDate: isoDay(2026, 4 + index, 1 + (choice(10 + index) % 28)),
      quantityOnHand: quantity,
      status: location.index === 1 && index === 0 && quarantinedNdcs.includes(drug.ndc) ? 'QUARANTINED' : 'AVAILABLE',
    }
  })
}

/** All invented lots, drug by drug, pharmacy by pharmacy in the order given (places.json: San Francisco, then Oakland). */
export function demoStock(drugs: readonly StockedDrug[], locations: readonly { id: string }[]): DemoLot[] {
  return drugs.flatMap((drug) => locations.flatMap(({ id }, index) => demoLots(drug, { id, index })))
}

/** Big bottles are few, small packages many. */
function typicalPackages({ packageSize }: StockedDrug): number {
  if (packageSize >= 1000) return 1
  if (packageSize >= 500) return 2
  if (packageSize >= 90) return 4
  return packageSize >= 20 ? 8 : 12
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function bytesOf(text: string): (index: number) => number {
  const bytes = digest(text)
  return (index) => bytes[index % bytes.length] as number
}

function lotNumber(ndc: string, locationId: string, index: number): string {
  const hex = digest(`lot ${ndc}@${locationId}#${index}`).toString('hex').toUpperCase()
  return `${'ABCDEFGH'[Number.parseInt(hex[0] as string, 16) % 8]}${hex.slice(1, 7)}`
}

/** A UUID of version 7's form whose time is fixed (2026-01-01) and whose random part is the hash of what it names. */
function lotId(ndc: string, locationId: string, index: number): string {
  const hex = digest(`lot id ${ndc}@${locationId}#${index}`).toString('hex')
  const time = Date.UTC(2026, 0, 1).toString(16).padStart(12, '0')
  const variant = '89ab'[Number.parseInt(hex[3] as string, 16) % 4]
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(7, 19)}`
}

function lastDayOfMonth(year: number, monthsOn: number): string {
  return isoDay(year, monthsOn + 1, 0)
}

function isoDay(year: number, month: number, day: number): string {
  return new Date(Date.UTC(year, month, day)).toISOString().slice(0, 10)
}
