import { handler } from '@pharmagraph/platform'
import { scanByDevice } from '../commands/scan-by-device.ts'

export const deviceConsumers = [handler('inventory.device-answered.v1', 'scan-by-device', (em, { data }) => scanByDevice(em, data))]
