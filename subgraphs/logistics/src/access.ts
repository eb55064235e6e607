import { defineAccess, hasRole, isStaff, type Actor } from '@pharmagraph/platform'

type Owned = { patientId: string }
type Driven = { driverId?: string | null | undefined }

export const isPatientOf = (actor: Actor, { patientId }: Owned): boolean => hasRole(actor, 'patient') && actor.patientId === patientId
export const isDriverOf = (actor: Actor, { driverId }: Driven): boolean => hasRole(actor, 'driver') && actor.driverId !== undefined && actor.driverId === driverId

export const access = defineAccess({
  'address:view': (actor: Actor, address: Owned) => isPatientOf(actor, address) || isStaff(actor),
  'address:add': (actor: Actor, address: Owned) => isPatientOf(actor, address),
  'shipment:view': (actor: Actor, shipment: Owned & Driven) => isPatientOf(actor, shipment) || isDriverOf(actor, shipment) || isStaff(actor),
  'shipment:drive': (actor: Actor, shipment: Owned & Driven) => isDriverOf(actor, shipment),
  /** Patients see a route their parcel is on (context.ts), but never ask for one. */
  'route:view': (actor: Actor, route: Driven) => isDriverOf(actor, route) || isStaff(actor),
  'route:drive': (actor: Actor, route: Driven) => isDriverOf(actor, route),
  'route:list': (actor: Actor) => isStaff(actor),
})
