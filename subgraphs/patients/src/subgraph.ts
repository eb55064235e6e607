import { resolve } from 'node:path'
import { defineSubgraph, rewrapDataKeys } from '@pharmagraph/platform'
import '@pharmagraph/schema/events'
import { erasureConfirmations } from './consumers/confirm-erasure.ts'
import { recordClock } from './consumers/keep-record-clock.ts'
import { knowPatientOfPrescription, knowPrescription } from './consumers/know-prescription.ts'
import { notifyOfOrder } from './consumers/notify-of-order.ts'
import { notifyOfRecall } from './consumers/notify-of-recall.ts'
import { notifyOfRefill } from './consumers/notify-of-refill.ts'
import { notifyOfShipment } from './consumers/notify-of-shipment.ts'
import { forgetEvents } from './consumers/forget-events.ts'
import { removeAccount } from './consumers/remove-account.ts'
import { loaders } from './context.ts'
import { entities } from './entities/index.ts'
import { endEmergencyAccesses } from './jobs/end-emergency-accesses.ts'
import { erasePatients } from './jobs/erase-patients.ts'
import { recheckLicences } from './jobs/recheck-licences.ts'
import { sealRelationships } from './jobs/seal-relationships.ts'
import { sendNotifications } from './jobs/send-notifications.ts'
import { resolvers } from './resolvers/index.ts'
import { seed } from './seed.ts'
import { services } from './services.ts'

/** Who the pharmacy serves and who prescribes: patients, practitioners, consent, secure messages, notifications. */
export const patients = defineSubgraph({
  name: 'patients',
  folder: resolve(import.meta.dirname, '..'),
  entities,
  resolvers,
  loaders,
  services,
  consumers: [...notifyOfOrder, notifyOfShipment, notifyOfRecall, ...notifyOfRefill, knowPrescription, knowPatientOfPrescription, ...recordClock, ...erasureConfirmations, removeAccount, forgetEvents],
  jobs: [sendNotifications, recheckLicences, rewrapDataKeys, erasePatients, sealRelationships, endEmergencyAccesses],
  seed,
})
