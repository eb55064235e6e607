/** A monitoring programme of our own for development: it knows what this pharmacy reported since the process started. */
import { AppError } from '@pharmagraph/platform'
import type { Pdmp, PdmpDispensing } from './port.ts'

export type LocalPdmp = Pdmp & {
  readonly reported: ReadonlyMap<string, PdmpDispensing>
  /** `state day` of the days told to be without a dispensing. */
  readonly reportedNone: ReadonlySet<string>
  /** Fails on demand: so many of the next calls find it closed. */
  failNext(calls: number): void
}

export function localPdmp(): LocalPdmp {
  const reported = new Map<string, PdmpDispensing>()
  const reportedNone = new Set<string>()
  let failures = 0
  const open = (): void => {
    if (failures > 0) {
      failures--
      throw new AppError('UNAVAILABLE', 'the monitoring programme does not answer')
    }
  }
  return {
    reported,
    reportedNone,
    failNext: (calls) => void (failures = calls),
    async query({ state, patientId }) {
      open()
      const dispensings = [...reported.values()].filter((known) => known.state === state && known.patientId === patientId).length
      return { dispensings, prescribers: Math.min(1, dispensings), pharmacies: Math.min(1, dispensings) }
    },
    async reportNone({ state, day }) {
      open()
      reportedNone.add(`${state} ${day}`)
    },
    async report(dispensing) {
      open()
      reported.set(dispensing.fillId, dispensing)
    },
  }
}
