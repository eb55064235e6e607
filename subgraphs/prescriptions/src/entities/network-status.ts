import { defineEntity, p } from '@mikro-orm/postgresql'

/** What the network said of a prescription, kept by the names it uses: it may be told before the prescription itself comes. */
export const NetworkStatusSchema = defineEntity({
  name: 'NetworkStatus',
  tableName: 'network_status',
  properties: {
    /** Of the event, as the network names it. */
    eventId: p.string().primary(),
    messageId: p.string().nullable().index(),
    prescriberOrderNumber: p.string().nullable().index(),
    status: p.string(),
    occurredAt: p.datetime(),
    receivedAt: p.datetime(),
  },
})
export class NetworkStatus extends NetworkStatusSchema.class {}
NetworkStatusSchema.setClass(NetworkStatus)
