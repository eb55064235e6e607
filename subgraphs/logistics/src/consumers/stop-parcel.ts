import { effect, handler } from '@pharmagraph/platform'
import { recordIntercept } from '../commands/record-intercept.ts'
import { stopParcel } from '../commands/stop-parcel.ts'
import { services, type Services } from '../services.ts'

export const stopParcelOnRecall = handler('inventory.parcel-stop-requested.v1', 'stop-parcel', (em, { data }, actor) => stopParcel(em, actor, services(), data))

export const askCarrierForParcel = effect<'logistics.intercept-requested.v1', Services>('logistics.intercept-requested.v1', 'ask-carrier', async ({ data }, tools) => {
  const answer = await tools.services.carrier.intercept(data.shipmentId)
  await tools.transact((em) => recordIntercept(em, data.shipmentId, answer))
})
