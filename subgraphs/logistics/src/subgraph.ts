import { resolve } from 'node:path'
import { defineSubgraph, rewrapDataKeys } from '@pharmagraph/platform'
import '@pharmagraph/schema/events'
import { cancelShipmentOnOrderCancelled, cancelShipmentOnPartDropped } from './consumers/cancel-shipment.ts'
import { createShipmentOnOrderPaid } from './consumers/create-shipment.ts'
import { learnDelegation } from './consumers/learn-delegation.ts'
import { askCarrierForParcel, stopParcelOnRecall } from './consumers/stop-parcel.ts'
import { erasePatient } from './consumers/erase-patient.ts'
import { loaders } from './context.ts'
import { entities } from './entities/index.ts'
import { forgetTracks } from './jobs/forget-tracks.ts'
import { planRoutesJob } from './jobs/plan-routes.ts'
import { resolvers } from './resolvers/index.ts'
import { carrierRoutes } from './routes/carrier-webhook.ts'
import { seed } from './seed.ts'
import { services } from './services.ts'

/** From the paid order to the door: addresses, parcels, routes, drivers, carriers, proof of delivery. */
export const logistics = defineSubgraph({
  name: 'logistics',
  folder: resolve(import.meta.dirname, '..'),
  entities,
  resolvers,
  loaders,
  services,
  consumers: [createShipmentOnOrderPaid, cancelShipmentOnOrderCancelled, cancelShipmentOnPartDropped, stopParcelOnRecall, askCarrierForParcel, learnDelegation, erasePatient],
  jobs: [planRoutesJob, forgetTracks, rewrapDataKeys],
  routes: carrierRoutes,
  seed,
})
