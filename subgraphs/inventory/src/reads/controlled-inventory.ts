import { isId, type EntityManager } from '@pharmagraph/platform'

/** `exactCount`: the law wants it counted unit by unit; otherwise an estimate will do. */
export type ControlledLine = { drugId: string; ndc: string; deaSchedule: string; quantity: number; containers: number; exactCount: boolean }

/**
 * Controlled substances on hand at a location, whatever their status: the biennial inventory (21 CFR 1304.11). Schedule
 * II is counted; III to V may be estimated unless a container holds more than 1,000 units.
 */
export async function controlledInventory(em: EntityManager, locationId: string): Promise<ControlledLine[]> {
  if (!isId(locationId)) return []
  const rows = await em.execute<{ drug_id: string; ndc: string; dea_schedule: string; package_size: string; quantity: string }[]>(
    `select lot.drug_id, drug.ndc, drug.dea_schedule, drug.package_size, sum(lot.quantity_on_hand) as quantity
     from lot join drug_fact drug on drug.id = lot.drug_id
     where lot.location_id = ? and drug.dea_schedule <> 'NONE' and lot.quantity_on_hand > 0
     group by 1, 2, 3, 4 order by drug.dea_schedule, drug.ndc`,
    [locationId],
  )
  return rows.map(({ drug_id: drugId, ndc, dea_schedule: deaSchedule, package_size, quantity }) => ({
    drugId, ndc, deaSchedule, quantity: Number(quantity), containers: Math.ceil(Number(quantity) / Number(package_size)),
    exactCount: deaSchedule === 'CI' || deaSchedule === 'CII' || Number(package_size) > 1_000,
  }))
}
