/** A cabinet in memory that scans, counts, jams and miscounts as it is told. */
import { AppError } from '@pharmagraph/platform'
import type { Cassette, DeviceAnswer, DispensingDevice } from './port.ts'

export type Fault = { kind: 'JAM' } | { kind: 'MISCOUNT'; by: number } | { kind: 'OFFLINE' }

export type SimulatedDevice = DispensingDevice & {
  /** The next job meets this; several wait in line. */
  fail(fault: Fault): void
  /** Units left in the cassette of a product. */
  left(ndc: string): number
}

export function simulatedDevice(deviceId: string): SimulatedDevice {
  const cassettes = new Map<string, Cassette>()
  const answered = new Map<string, DeviceAnswer>()
  const faults: Fault[] = []

  const count = (ndc: string, quantity: number): DeviceAnswer => {
    const cassette = cassettes.get(ndc)
    const fault = faults.shift()
    if (fault?.kind === 'OFFLINE') throw new AppError('UNAVAILABLE', `device ${deviceId} does not answer`)
    if (fault?.kind === 'JAM') return { outcome: 'JAMMED' }
    const counted = quantity + (fault?.by ?? 0)
    if (!cassette || cassette.units < counted) return { outcome: 'EMPTY', left: cassette?.units ?? 0 }
    cassette.units -= counted
    return { outcome: 'COUNTED', scanned: { ndc: cassette.ndc, lotNumber: cassette.lotNumber, serialNumber: cassette.serialNumber ?? null }, counted }
  }
  return {
    deviceId,
    async load(cassette) {
      cassettes.set(cassette.ndc, { ...cassette })
    },
    fail: (fault) => void faults.push(fault),
    left: (ndc) => cassettes.get(ndc)?.units ?? 0,
    async dispense({ jobId, ndc, quantity }) {
      const before = answered.get(jobId)
      if (before) return before
      const answer = count(ndc, quantity)
      // a jam moved nothing: the same job may be tried again
      if (answer.outcome === 'COUNTED') answered.set(jobId, answer)
      return answer
    },
  }
}
