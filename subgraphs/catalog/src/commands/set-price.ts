import { clock, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { DrugPrice } from '../entities/drug-price.ts'
import type { Drug } from '../entities/drug.ts'

/** Adds a price to the history. */
export function recordPrice(em: EntityManager, actor: Actor, drugId: string, price: { amountMinor: number; currency: string; effectiveFrom: Date; note: string | null }): DrugPrice {
  return em.create(DrugPrice, { id: newId(), drugId, ...price, setBy: actor.subject, setAt: clock.now() })
}

/** Puts a price in force. */
export function applyPrice(drug: Drug, price: { amountMinor: number; currency: string; effectiveFrom: Date; note?: string | null | undefined }): void {
  drug.priceMinor = price.amountMinor
  drug.currency = price.currency
  drug.priceSince = price.effectiveFrom
  drug.priceNote = price.note ?? null
}
