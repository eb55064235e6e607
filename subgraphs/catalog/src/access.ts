import { defineAccess, hasRole, type Actor } from '@pharmagraph/platform'

const answersForFormulary = (actor: Actor): boolean => hasRole(actor, 'inventory', 'pharmacist-in-charge')

/** Reading is public; what is sold and at what price is set by those who answer for it. */
export const access = defineAccess({
  'drug:view': () => true,
  'drug:price': answersForFormulary,
  'drug:adopt': answersForFormulary,
  'drug:planned-prices': answersForFormulary,
  'import:read': answersForFormulary,
})
