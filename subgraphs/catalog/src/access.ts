import { defineAccess, hasRole, type Actor } from '@pharmagraph/platform'

/** Reading is public; prices are set by those who answer for them. */
export const access = defineAccess({
  'drug:view': () => true,
  'drug:price': (actor: Actor) => hasRole(actor, 'inventory', 'pharmacist-in-charge'),
})
