import { defineAccess, hasRole, isStaff, isSystem, type Actor } from '@pharmagraph/platform'

const keepsStock = (actor: Actor): boolean => hasRole(actor, 'inventory', 'pharmacist-in-charge')

/** Lots and holds are seen by staff; stock is moved by those who keep it; holds follow orders, so only the system makes them. */
export const access = defineAccess({
  'lot:view': isStaff,
  'lot:receive': keepsStock,
  'lot:adjust': keepsStock,
  'lot:change-status': keepsStock,
  'ledger:prove': (actor: Actor) => keepsStock(actor) || hasRole(actor, 'compliance', 'system'),
  'stock:hold': isSystem,
  'stock:commit': isSystem,
  'stock:release': isSystem,
  'drug:remember': isSystem,
})
