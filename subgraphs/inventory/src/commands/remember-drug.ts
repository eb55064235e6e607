import type { Actor, EntityManager } from '@pharmagraph/platform'
import { gtinOfNdc } from '@pharmagraph/schema/identifiers'
import { gtinBody } from '../entities/drug-fact.ts'
import { access } from '../access.ts'

export type KnownDrug = { drugId: string; version: number; ndc: string; packageSize: number; deaSchedule?: string; storageClass?: string }

/** Keeps our copy of drugs; an older version than the known one changes nothing. */
export async function rememberDrugs(em: EntityManager, actor: Actor, drugs: readonly KnownDrug[]): Promise<void> {
  access.must(actor, 'drug:remember', undefined)
  await em.execute(
    `insert into drug_fact (id, drug_version, ndc, package_size, dea_schedule, storage_class, gtin_body)
     select "drugId", version, ndc, "packageSize", coalesce("deaSchedule", 'NONE'), coalesce("storageClass", 'CRT'), "gtinBody"
     from jsonb_to_recordset(?::jsonb) as given ("drugId" uuid, version int, ndc text, "packageSize" numeric, "deaSchedule" text, "storageClass" text, "gtinBody" text)
     on conflict (id) do update set drug_version = excluded.drug_version, ndc = excluded.ndc, package_size = excluded.package_size,
       dea_schedule = excluded.dea_schedule, storage_class = excluded.storage_class, gtin_body = excluded.gtin_body
     where drug_fact.drug_version < excluded.drug_version`,
    [JSON.stringify(drugs.map((drug) => ({ ...drug, gtinBody: gtinBodyOf(drug.ndc) })))],
  )
}

/** Only a ten-digit NDC is in its GTIN. */
const gtinBodyOf = (ndc: string): string | null => (/^\d{10}$/.test(ndc.replaceAll('-', '')) ? gtinBody(gtinOfNdc(ndc)) : null)
