import { defineAccess, hasRole, isSystem, type Actor } from '@pharmagraph/platform'

/** The trail is read by those who answer for compliance; only the system writes it. */
export const access = defineAccess({
  'trail:read': (actor: Actor) => hasRole(actor, 'compliance', 'pharmacist-in-charge'),
  'chain:verify': (actor: Actor) => hasRole(actor, 'compliance', 'system'),
  'chain:append': isSystem,
  'chain:anchor': isSystem,
})
