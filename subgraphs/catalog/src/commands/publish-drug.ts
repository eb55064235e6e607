import { emit, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { Drug } from '../entities/drug.ts'

/** Tells the others what a drug is now, price included; they keep their own copy. */
export function publishDrug(em: EntityManager, actor: Actor, drug: Drug): void {
  const { id, version, ndc, ndc11, name, genericName, ingredients, dosageForm, deaSchedule, rxOnly, packageSize, dispensingUnit } = drug
  const { pharmacologicClass, therapeuticEquivalence, storageClass, priceMinor, currency } = drug
  emit(em, actor, 'catalog.drug-published.v1', id, {
    drugId: id, version: version ?? 1, ndc, ndc11, name, genericName, ingredients, dosageForm, deaSchedule, rxOnly, packageSize, dispensingUnit,
    pharmacologicClass: pharmacologicClass ?? null, therapeuticEquivalence: therapeuticEquivalence ?? null, storageClass, priceMinor, currency,
  })
}
