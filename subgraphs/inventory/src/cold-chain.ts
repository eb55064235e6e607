/** Temperature histories by USP <659>, <1079.2> and <1160>. Pure. */
import type { StorageClass } from './entities/temperature-reading.ts'

export type Reading = { at: Date; celsius: number }
export type Gap = { from: Date; to: Date }
export type Disposition = 'OK' | 'QA_REVIEW' | 'REJECT'
export type ColdChainReport = {
  /** The highest mean kinetic temperature of any window of the class, in °C; null without readings. */
  meanKineticTemperature: number | null
  lowest: number | null
  highest: number | null
  /** Silences of the logger: the temperature in them is unknown, not fine. */
  gaps: Gap[]
  disposition: Disposition
  reasons: string[]
}

type Rule = {
  /** °C, on the label. */
  range: readonly [number, number]
  /** °C that a short excursion may reach; beyond it nothing is averaged away. */
  excursion: readonly [number, number]
  meanKineticLimit: number
  windowHours: number
  /** What an excursion within the limits means: tolerated at room temperature, looked at by a person in the cold. */
  excursionMeans: Disposition
}

export const rules: Record<StorageClass, Rule> = {
  FROZEN: { range: [-25, -10], excursion: [-25, -10], meanKineticLimit: -10, windowHours: 24, excursionMeans: 'QA_REVIEW' },
  REFRIGERATED: { range: [2, 8], excursion: [2, 15], meanKineticLimit: 8, windowHours: 24, excursionMeans: 'QA_REVIEW' },
  COOL: { range: [8, 15], excursion: [8, 15], meanKineticLimit: 15, windowHours: 24, excursionMeans: 'QA_REVIEW' },
  CRT: { range: [20, 25], excursion: [15, 40], meanKineticLimit: 25, windowHours: 30 * 24, excursionMeans: 'OK' },
}

/** Activation energy over the gas constant, kelvin: 83.144 kJ/mol over 8.3144 J/(mol·K), USP <1160>. */
const activation = 83.144 / 8.3144e-3
const kelvin = 273.15
/** A silence longer than this many intervals is a gap. */
const gapIntervals = 2

/** Mean kinetic temperature in °C of temperatures weighted by how long each lasted. */
export function meanKineticTemperature(parts: readonly { celsius: number; weight: number }[]): number {
  const weights = parts.reduce((total, { weight }) => total + weight, 0)
  const decay = parts.reduce((total, { celsius, weight }) => total + weight * Math.exp(-activation / (celsius + kelvin)), 0) / weights
  return activation / -Math.log(decay) - kelvin
}

/** Judges a logger's readings, which must be sorted by time and come every `intervalMinutes`. */
export function assess(storageClass: StorageClass, readings: readonly Reading[], intervalMinutes: number): ColdChainReport {
  const interval = intervalMinutes * 60_000
  const { range, excursion, meanKineticLimit, windowHours, excursionMeans } = rules[storageClass]
  if (readings.length === 0) return { meanKineticTemperature: null, lowest: null, highest: null, gaps: [], disposition: 'QA_REVIEW', reasons: ['nothing was measured'] }

  const silences = readings.slice(1).map(({ at }, index) => ({ from: readings[index]!.at, to: at }))
  const gaps = silences.filter(({ from, to }) => to.getTime() - from.getTime() > interval * gapIntervals)
  // a reading speaks for the time to the next one, and in a gap for one interval only
  const parts = readings.map(({ at, celsius }, index) => {
    const next = readings[index + 1]?.at.getTime() ?? at.getTime() + interval
    const silent = next - at.getTime() > interval * gapIntervals
    return { at: at.getTime(), celsius, weight: silent ? interval : next - at.getTime() }
  })
  const warmest = highestWindow(parts, windowHours * 3_600_000)
  const [lowest, highest] = [Math.min(...parts.map(({ celsius }) => celsius)), Math.max(...parts.map(({ celsius }) => celsius))]

  const rejected = [
    highest > excursion[1] && `${highest} °C is above ${excursion[1]} °C`,
    lowest < excursion[0] && `${lowest} °C is below ${excursion[0]} °C`,
    warmest > meanKineticLimit && `the mean kinetic temperature ${warmest.toFixed(2)} °C is above ${meanKineticLimit} °C`,
  ].filter((reason) => reason !== false)
  const doubtful = [
    excursionMeans !== 'OK' && (highest > range[1] || lowest < range[0]) && `out of ${range[0]} to ${range[1]} °C for a time`,
    gaps.length > 0 && `${gaps.length} gaps in the readings: the temperature in them is unknown`,
  ].filter((reason) => reason !== false)
  return {
    meanKineticTemperature: warmest, lowest, highest, gaps, reasons: [...rejected, ...doubtful],
    disposition: rejected.length ? 'REJECT' : doubtful.length ? 'QA_REVIEW' : 'OK',
  }
}

/** The highest mean kinetic temperature of any window that ends with a reading. */
function highestWindow(parts: readonly { at: number; celsius: number; weight: number }[], windowMs: number): number {
  let [first, weights, decay, slowest] = [0, 0, 0, 0]
  for (const { at, celsius, weight } of parts) {
    weights += weight
    decay += weight * Math.exp(-activation / (celsius + kelvin))
    for (; at + weight - parts[first]!.at > windowMs && parts[first]!.at < at; first++) {
      weights -= parts[first]!.weight
      decay -= parts[first]!.weight * Math.exp(-activation / (parts[first]!.celsius + kelvin))
    }
    slowest = Math.max(slowest, decay / weights)
  }
  return activation / -Math.log(slowest) - kelvin
}
