import { defineAccess, hasRole, isStaff, type Actor } from '@pharmagraph/platform'

/** `delegated`: what the patient lets the actor do for them as a caregiver (reads/delegations.ts). */
type Owned = { patientId: string | undefined; delegated?: readonly string[] }

const owns = (actor: Actor, { patientId }: Owned): boolean =>
  hasRole(actor, 'patient', 'caregiver') && actor.patientId !== undefined && actor.patientId === patientId
/** The patient, or a caregiver whom the patient lets order. */
const orders = (actor: Actor, owned: Owned): boolean =>
  (hasRole(actor, 'patient') && owns(actor, owned)) || (hasRole(actor, 'caregiver') && (owned.delegated ?? []).includes('ORDER'))
const views = (actor: Actor, owned: Owned): boolean => owns(actor, owned) || orders(actor, owned) || (hasRole(actor, 'caregiver') && (owned.delegated ?? []).includes('VIEW'))

/** A cart is its patient's and of those whom they let order; an order is seen by its patient, their caregivers and the staff. */
export const access = defineAccess({
  'cart:view': (actor: Actor, cart: Owned) => owns(actor, cart) || orders(actor, cart),
  'cart:edit': orders,
  'order:view': (actor: Actor, order: Owned) => views(actor, order) || isStaff(actor),
  'orders:list': (actor: Actor) => isStaff(actor),
  'order:pay': orders,
  'order:cancel': (actor: Actor, order: Owned) => orders(actor, order) || hasRole(actor, 'support', 'pharmacist-in-charge'),
  'order:refund': (actor: Actor, _order: Owned) => hasRole(actor, 'support', 'pharmacist-in-charge'),
  /** Has a stuck order's step asked for again. */
  'order:redrive': (actor: Actor, _order: Owned) => hasRole(actor, 'support', 'pharmacist-in-charge'),
  'orders:stuck': (actor: Actor) => hasRole(actor, 'support', 'pharmacist-in-charge', 'compliance'),
  'order:return': (actor: Actor, order: Owned) => orders(actor, order) || hasRole(actor, 'support', 'pharmacist-in-charge'),
  'reports:read': (actor: Actor) => hasRole(actor, 'pharmacist-in-charge', 'support', 'compliance', 'inventory'),
  /** Payment methods belong to whom saved them: a caregiver orders with their own. */
  'methods:own': (actor: Actor, { patientId }: Owned) => hasRole(actor, 'patient') && actor.patientId !== undefined && actor.patientId === patientId,
  'order:secret': orders,
})
