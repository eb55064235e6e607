import type { DispensingDevice } from './devices/port.ts'
import { simulatedDevice } from './devices/simulator.ts'

export type Services = {
  /** Dispensing cabinets by id. */
  devices: ReadonlyMap<string, DispensingDevice>
}

let made: Services | undefined
/** DISPENSING_DEVICES: `simulated:<id>,<id>…` for cabinets in memory (the default has one), empty for none. No vendor's driver is written. */
export const services = (): Services => {
  if (made) return made
  const [kind, ids = ''] = (process.env['DISPENSING_DEVICES'] ?? 'simulated:cabinet-1').split(':')
  return (made = { devices: new Map(kind === 'simulated' ? ids.split(',').filter(Boolean).map((id) => [id, simulatedDevice(id)] as const) : []) })
}
