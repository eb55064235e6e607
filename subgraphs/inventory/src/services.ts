import { ConfigError, optionalSetting } from '@pharmagraph/platform'
import type { DispensingDevice } from './devices/port.ts'
import { simulatedDevice } from './devices/simulator.ts'

export type Services = {
  /** Dispensing cabinets by id. */
  devices: ReadonlyMap<string, DispensingDevice>
}

let made: Services | undefined
/** DISPENSING_DEVICES: `simulated:<id>,<id>…` for cabinets in memory, which only a stack without patients may have; none by default. No vendor's driver is written. */
export const services = (): Services => {
  if (made) return made
  const [kind, ids = ''] = (optionalSetting('DISPENSING_DEVICES') ?? 'simulated:').split(':')
  if (kind !== 'simulated') throw new ConfigError('DISPENSING_DEVICES', 'must be simulated:<id>,<id>…: there is no driver of another kind')
  return (made = { devices: new Map(ids.split(',').filter(Boolean).map((id) => [id, simulatedDevice(id)] as const)) })
}
