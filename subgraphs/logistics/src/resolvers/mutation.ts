import { addAddress, checkAddress } from '../commands/add-address.ts'
import { pickUpShipment } from '../commands/pick-up-shipment.ts'
import { recordDelivery } from '../commands/record-delivery.ts'
import { recordFailedAttempt } from '../commands/record-failed-attempt.ts'
import { recordPosition } from '../commands/record-position.ts'
import { startRoute } from '../commands/start-route.ts'
import type { MutationResolvers } from '../generated/resolvers.ts'

export const mutationResolvers: MutationResolvers = {
  addAddress: async (_source, { input }, { actor, services, transact }) => {
    const checked = await checkAddress(actor, services, { ...input, country: input.country ?? 'US' })
    return { __typename: 'AddressPayload', address: await transact((em) => addAddress(em, actor, services, checked)) }
  },
  pickUpShipment: async (_source, { input }, { actor, transact }) =>
    ({ __typename: 'ShipmentPayload', shipment: await transact((em) => pickUpShipment(em, actor, input)) }),
  startRoute: async (_source, { input }, { actor, services, transact }) =>
    ({ __typename: 'RoutePayload', route: await transact((em) => startRoute(em, actor, services, input)) }),
  recordPosition: (_source, { input }, { actor, transact }) => transact((em) => recordPosition(em, actor, input)),
  recordDelivery: async (_source, { input }, { actor, services, transact }) =>
    ({ __typename: 'ShipmentPayload', shipment: await transact((em) => recordDelivery(em, actor, services, input)) }),
  recordFailedAttempt: async (_source, { input }, { actor, services, transact }) =>
    ({ __typename: 'ShipmentPayload', shipment: await transact((em) => recordFailedAttempt(em, actor, services, input)) }),
}
