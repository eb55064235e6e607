import type { proofKinds } from '../entities/shipment.ts'
import { straightMeters, type Point } from '../geo/distance.ts'

export type Proof = { kind: (typeof proofKinds)[number]; receivedBy: string | null; idChecked: boolean; location: Point }
type Parcel = { adultSignature: boolean }
type Destination = { location: Point; deliverability: string }

/** House policy: how far from the door a delivery may be recorded; phones between tall houses are off by tens of metres. */
const geofenceMeters = 150

type Requirement = { missing: string; applies(parcel: Parcel, destination: Destination): boolean; met(proof: Proof, destination: Destination): boolean }

/** What a delivery must prove. An adult's signature with ID is for controlled substances and parcels above 500 USD (house policy). */
const requirements: readonly Requirement[] = [
  { missing: 'SIGNATURE', applies: ({ adultSignature }) => adultSignature, met: ({ kind }) => kind === 'SIGNATURE' },
  { missing: 'ID_CHECKED', applies: ({ adultSignature }) => adultSignature, met: ({ idChecked }) => idChecked },
  { missing: 'RECEIVED_BY', applies: ({ adultSignature }) => adultSignature, met: ({ receivedBy }) => receivedBy !== null },
  { missing: 'SIGNATURE_OR_PHOTO', applies: ({ adultSignature }) => !adultSignature, met: ({ kind }) => kind !== 'OTP' },
  {
    missing: 'AT_DESTINATION',
    // where the address itself is uncertain, so are its coordinates
    applies: (_parcel, { deliverability }) => deliverability === 'DELIVERABLE',
    met: ({ location }, destination) => straightMeters(location, destination.location) <= geofenceMeters,
  },
]

/** What the proof still lacks; nothing means the parcel may be handed over. */
export const missingProof = (parcel: Parcel, proof: Proof, destination: Destination): string[] =>
  requirements.filter(({ applies, met }) => applies(parcel, destination) && !met(proof, destination)).map(({ missing }) => missing)
