/** What stock-keeping needs of an automated dispensing cabinet. */

export type Cassette = { ndc: string; lotNumber: string; serialNumber?: string; units: number }

/** `quantity`: units to count out of the lot loaded under this bar code. */
export type DispenseJob = { jobId: string; ndc: string; lotNumber: string; quantity: number }

export type DeviceAnswer =
  | { outcome: 'COUNTED'; scanned: { ndc: string; lotNumber: string; serialNumber: string | null }; counted: number }
  /** Nothing came out; the units are in the device still. */
  | { outcome: 'JAMMED' }
  | { outcome: 'EMPTY'; left: number }

export type DispensingDevice = {
  readonly deviceId: string
  /** A person put units of a lot into it, under the package's own bar code. */
  load(cassette: Cassette): Promise<void>
  /** Counts units out. The same job again is answered again and counts nothing. Rejects where the device cannot be reached. */
  dispense(job: DispenseJob): Promise<DeviceAnswer>
}

export type Verdict = { accepted: true; serialNumber: string | null } | { accepted: false; code: 'WRONG_PRODUCT' | 'WRONG_LOT' | 'MISCOUNT' | 'JAMMED' | 'EMPTY'; message: string }

/** Whether what the device did is what was asked: product and lot by their bar codes, units by the count. A person takes over where not. */
export function judge({ ndc, lotNumber, quantity }: DispenseJob, answer: DeviceAnswer): Verdict {
  if (answer.outcome === 'JAMMED') return { accepted: false, code: 'JAMMED', message: 'clear the device and count by hand' }
  if (answer.outcome === 'EMPTY') return { accepted: false, code: 'EMPTY', message: `only ${answer.left} units are loaded` }
  const { scanned, counted } = answer
  if (scanned.ndc !== ndc) return { accepted: false, code: 'WRONG_PRODUCT', message: `${scanned.ndc} is loaded where ${ndc} should be` }
  if (scanned.lotNumber !== lotNumber) return { accepted: false, code: 'WRONG_LOT', message: `lot ${scanned.lotNumber} is loaded where ${lotNumber} should be` }
  if (counted !== quantity) return { accepted: false, code: 'MISCOUNT', message: `${counted} units were counted out, ${quantity} were asked for: count again by hand` }
  return { accepted: true, serialNumber: scanned.serialNumber }
}
