/** A monitoring programme of our own for development: it knows what this pharmacy reported since the process started. */
import { AppError } from '@pharmagraph/platform'
import { letters } from '../matching.ts'
import type { Pdmp, PdmpDispensing, PdmpPatient } from './port.ts'

export type LocalPdmp = Pdmp & {
  readonly reported: ReadonlyMap<string, PdmpDispensing>
  /** `state day` of the days told to be without a dispensing. */
  readonly reportedNone: ReadonlySet<string>
  /** Fails on demand: so many of the next calls find it closed. */
  failNext(calls: number): void
}

const zip = ({ address }: PdmpPatient): string | undefined => address?.postalCode?.slice(0, 5)
const agree = <Value>(a: Value | undefined, b: Value | undefined): boolean => a === undefined || b === undefined || a === b
const known = ({ sex }: PdmpPatient): string | undefined => (sex === 'U' ? undefined : sex)
/** One person: name and day of birth agree, and nothing else that both say differs. */
export const isSamePerson = (a: PdmpPatient, b: PdmpPatient): boolean =>
  letters(a.family) === letters(b.family) && letters(a.given) === letters(b.given) && a.dateOfBirth === b.dateOfBirth && agree(known(a), known(b)) && agree(zip(a), zip(b))

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
    async query({ state, patient }) {
      open()
      const found = [...reported.values()].filter((each) => each.state === state && each.reporting !== '02' && isSamePerson(each.patient, patient))
      return { dispensings: found.length, prescribers: new Set(found.map(({ prescriber }) => prescriber.npi)).size, pharmacies: new Set(found.map(({ pharmacy }) => pharmacy.dea)).size }
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
