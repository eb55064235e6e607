import { defineAccess, hasRole, isStaff, type Actor } from '@pharmagraph/platform'

type Owned = { patientId: string | undefined }

const owns = (actor: Actor, { patientId }: Owned): boolean =>
  hasRole(actor, 'patient', 'caregiver') && actor.patientId !== undefined && actor.patientId === patientId

/** A cart is its patient's alone; an order is seen by its patient and the staff. */
export const access = defineAccess({
  'cart:view': owns,
  'cart:edit': (actor: Actor, cart: Owned) => hasRole(actor, 'patient') && owns(actor, cart),
  'order:view': (actor: Actor, order: Owned) => owns(actor, order) || isStaff(actor),
  'orders:list': (actor: Actor) => isStaff(actor),
  'order:pay': (actor: Actor, order: Owned) => hasRole(actor, 'patient') && owns(actor, order),
  'order:cancel': (actor: Actor, order: Owned) => (hasRole(actor, 'patient') && owns(actor, order)) || hasRole(actor, 'support', 'pharmacist-in-charge'),
  'order:refund': (actor: Actor, _order: Owned) => hasRole(actor, 'support', 'pharmacist-in-charge'),
  /** Has a stuck order's step asked for again. */
  'order:redrive': (actor: Actor, _order: Owned) => hasRole(actor, 'support', 'pharmacist-in-charge'),
  'orders:stuck': (actor: Actor) => hasRole(actor, 'support', 'pharmacist-in-charge', 'compliance'),
  'order:return': (actor: Actor, order: Owned) => (hasRole(actor, 'patient') && owns(actor, order)) || hasRole(actor, 'support', 'pharmacist-in-charge'),
  'reports:read': (actor: Actor) => hasRole(actor, 'pharmacist-in-charge', 'support', 'compliance', 'inventory'),
  'methods:own': (actor: Actor, { patientId }: Owned) => hasRole(actor, 'patient') && actor.patientId !== undefined && actor.patientId === patientId,
  'order:secret': (actor: Actor, order: Owned) => hasRole(actor, 'patient') && owns(actor, order),
})

/** Carts are their patient's alone. */
export const ownedBy = (actor: Actor): object =>
  hasRole(actor, 'patient', 'caregiver') && actor.patientId ? { patientId: actor.patientId } : { patientId: null }
