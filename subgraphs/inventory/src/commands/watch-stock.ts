import { clock, emit, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { StockAlert } from '../entities/stock-alert.ts'
import { reorderSuggestions } from '../reads/reorder-suggestions.ts'

/** Raises an alert when a drug comes to its reorder point, and takes it back when stock has come: once each way. */
export async function watchStock(em: EntityManager, actor: Actor): Promise<void> {
  access.must(actor, 'stock:watch', undefined)
  const low = new Map((await reorderSuggestions(em)).filter(({ suggestedQuantity }) => suggestedQuantity > 0).map((one) => [one.drugId, one]))
  for (const alert of await em.find(StockAlert, {}, { orderBy: { id: 'asc' } })) {
    const still = low.get(alert.id)
    low.delete(alert.id)
    if (still) Object.assign(alert, { position: still.position, reorderPoint: still.reorderPoint, suggestedQuantity: still.suggestedQuantity })
    else em.remove(alert)
  }
  for (const { drugId, position, reorderPoint, suggestedQuantity } of low.values()) {
    em.create(StockAlert, { id: drugId, position, reorderPoint, suggestedQuantity, since: clock.now() })
    emit(em, actor, 'inventory.stock-low.v1', drugId, { drugId, position, reorderPoint, suggestedQuantity })
  }
}
