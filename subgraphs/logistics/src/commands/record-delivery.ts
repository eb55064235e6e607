import { clock, problem, type Actor, type EntityManager } from '@pharmagraph/platform'
import { Address } from '../entities/address.ts'
import type { ProofDetails, Shipment } from '../entities/shipment.ts'
import * as fields from '../fields.ts'
import { move } from '../lifecycles/shipment.ts'
import { openAddresses } from '../opened.ts'
import { missingProof, type Proof } from '../policies/proof.ts'
import type { Services } from '../services.ts'
import { ownShipment } from './driving.ts'
import { finishStop } from './finish-stop.ts'

type DeliveryInput = {
  shipmentId: string; kind: Proof['kind']; receivedBy?: string | null | undefined; idChecked?: boolean | null | undefined
  latitude: number; longitude: number; evidenceHash?: string | null | undefined
}

/** Hands the parcel over with the proof its policy asks for. */
export async function recordDelivery(em: EntityManager, actor: Actor, services: Services, input: DeliveryInput): Promise<Shipment> {
  const { shipment, route } = await ownShipment(em, actor, input.shipmentId)
  const proof: Proof = { kind: input.kind, receivedBy: fields.optionalText('receivedBy', input.receivedBy), idChecked: input.idChecked ?? false, location: fields.point(input) }
  const proofEvidenceHash = fields.evidenceHash(input.evidenceHash)
  move(em, actor, shipment, 'deliver')

  const [destination] = await openAddresses(em, services.vault, await em.find(Address, { id: shipment.addressId }))
  const missing = destination ? missingProof(shipment, proof, destination) : ['AT_DESTINATION']
  if (missing.length) throw problem('ProofIncomplete', 'PROOF_INCOMPLETE', `this delivery still needs: ${missing.join(', ')}`, { missing })

  const details: ProofDetails = { receivedBy: proof.receivedBy, location: proof.location }
  const now = clock.now()
  Object.assign(shipment, {
    proofKind: proof.kind, proofIdChecked: proof.idChecked, proofEvidenceHash, proofAt: now, actualDelivery: now,
    proofSealed: await services.vault.seal(em, shipment.patientId, details),
  })
  await finishStop(em, actor, services, route, shipment.id, proof.location)
  return shipment
}
