import { notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import type { TrackerEvent } from '../carrier/tracker-event.ts'
import { CarrierEvent, ownCourier, Shipment, type ProofDetails, type ShipmentStatus } from '../entities/shipment.ts'
import * as fields from '../fields.ts'
import { move, shipmentLifecycle, type Reason } from '../lifecycles/shipment.ts'
import type { Services } from '../services.ts'
import { leaveRoute } from './leave-route.ts'

/** EasyPost's tracker statuses we follow: the verb, and how far along the way it is, for reports of the same second. */
const reports: Partial<Record<string, { verb: string; rank: number; reason?: Reason }>> = {
  in_transit: { verb: 'carry', rank: 1 },
  out_for_delivery: { verb: 'approach', rank: 2 },
  available_for_pickup: { verb: 'hold', rank: 3, reason: { code: 'HELD_BY_CARRIER', message: 'The parcel waits at the carrier to be collected.' } },
  failure: { verb: 'except', rank: 3, reason: { code: 'CARRIER_EXCEPTION', message: 'The carrier reports a problem with the delivery.' } },
  return_to_sender: { verb: 'sendBack', rank: 4, reason: { code: 'RETURNED_BY_CARRIER', message: 'The carrier sends the parcel back.' } },
  delivered: { verb: 'confirm', rank: 5 },
}

/** NOTED: news of the state the parcel is in already, such as the next hub on the way. */
export type Followed = 'MOVED' | 'NOTED' | 'REPEATED' | 'STALE' | 'NOT_FOLLOWED'

/**
 * Follows a carrier's report. Repeats (by event id) and reports older than the one last followed change nothing. A parcel
 * that was planned for our own driver leaves his route: the carrier has it.
 */
export async function followCarrier(em: EntityManager, actor: Actor, { vault }: Services, id: string, event: TrackerEvent): Promise<Followed> {
  const shipment = await em.findOne(Shipment, { id: fields.id('shipmentId', id) }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (!shipment) throw notFound('shipment')
  const eventId = `${event.carrier}:${event.eventId}`
  if (await em.findOne(CarrierEvent, { eventId })) return 'REPEATED'
  em.create(CarrierEvent, { eventId, shipmentId: shipment.id })

  const report = reports[event.status]
  if (!report) return 'NOT_FOLLOWED'
  if (isStale(shipment, event.at, report.rank)) return 'STALE'
  Object.assign(shipment, { scannedAt: event.at, scanRank: report.rank })
  if (leadsTo(report.verb, shipment.status)) return 'NOTED'
  const wasOurs = shipment.carrier === ownCourier
  move(em, actor, shipment, report.verb, report.reason)
  if (wasOurs) {
    await leaveRoute(em, actor, shipment)
    Object.assign(shipment, { carrier: event.carrier, trackingNumber: event.trackingCode })
  }
  if (report.verb === 'confirm') {
    const details: ProofDetails = { receivedBy: event.signedBy, location: null }
    const proof = event.signedBy && { proofKind: 'SIGNATURE', proofAt: event.at, proofSealed: await vault.seal(em, shipment.patientId, details) }
    Object.assign(shipment, { actualDelivery: event.at }, proof)
  }
  return 'MOVED'
}

const isStale = ({ scannedAt, scanRank }: Shipment, at: Date, rank: number): boolean =>
  scannedAt != null && (at < scannedAt || (at.getTime() === scannedAt.getTime() && rank <= scanRank))

const leadsTo = (verb: string, status: ShipmentStatus): boolean => Object.values(shipmentLifecycle.table).some((verbs) => verbs[verb]?.next === status)
