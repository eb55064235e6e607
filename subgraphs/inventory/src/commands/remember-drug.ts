import type { Actor, EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'

export type KnownDrug = { drugId: string; version: number; ndc: string; packageSize: number }

/** Keeps our copy of drugs; an older version than the known one changes nothing. */
export async function rememberDrugs(em: EntityManager, actor: Actor, drugs: readonly KnownDrug[]): Promise<void> {
  access.must(actor, 'drug:remember', undefined)
  await em.execute(
    `insert into drug_fact (id, drug_version, ndc, package_size)
     select "drugId", version, ndc, "packageSize" from jsonb_to_recordset(?::jsonb) as given ("drugId" uuid, version int, ndc text, "packageSize" numeric)
     on conflict (id) do update set drug_version = excluded.drug_version, ndc = excluded.ndc, package_size = excluded.package_size
     where drug_fact.drug_version < excluded.drug_version`,
    [JSON.stringify(drugs)],
  )
}
