import type { EntityManager } from '@pharmagraph/platform'

/**
 * Gives directory products the therapeutic equivalence code of Drugs@FDA: by application number and strength, where these
 * lead to one code only. The directory itself does not carry it.
 */
export async function rateEquivalence(em: EntityManager): Promise<void> {
  await em.execute(
    `with rated as (
       select application_number, strength_key, min(te_code) as te_code from approved_product
       where withdrawn_at is null group by application_number, strength_key having count(distinct coalesce(te_code, '')) = 1
     ), found as (
       select d.id, r.te_code from directory_product d
       left join rated r on r.application_number = lpad(right(regexp_replace(d.application_number, '\\D', '', 'g'), 6), 6, '0') and r.strength_key = d.strength_key
       where d.application_number ~ '^(NDA|ANDA|BLA)'
     )
     update directory_product d set therapeutic_equivalence = found.te_code from found
     where found.id = d.id and d.therapeutic_equivalence is distinct from found.te_code`)
}
