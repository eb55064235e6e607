import { addDays, clock, type EntityManager } from '@pharmagraph/platform'
import { demandOf, reorderPoint, suggestedOrder, usable, type Supply } from '../reorder.ts'
import { policyToday } from './policy.ts'

/** `position`: usable free units and what has been ordered. */
export type Suggestion = { drugId: string; ndc: string; meanPerDay: number; position: number; reorderPoint: number; suggestedQuantity: number }

/** Every drug that was dispensed within the window, with its reorder point; those at or below it say how much to order. Three statements. */
export async function reorderSuggestions(em: EntityManager): Promise<Suggestion[]> {
  const policy = await policyToday(em)
  const days = policy.DEMAND_WINDOW_DAYS
  const supply: Supply = {
    leadDays: policy.LEAD_TIME_DAYS, leadSdDays: policy.LEAD_TIME_SD_DAYS, z: policy.SERVICE_Z_HUNDREDTHS / 100, targetCoverDays: policy.TARGET_COVER_DAYS,
    orderCostMinor: policy.ORDER_COST_MINOR, holdingCostMinorPerYear: policy.HOLDING_COST_MINOR_PER_YEAR,
  }
  const used = await em.execute<{ drug_id: string; ndc: string; package_size: string; per_day: string[] }[]>(
    `select day.drug_id, drug.ndc, drug.package_size, array_agg(day.quantity::text) as per_day
     from (select lot.drug_id, date_trunc('day', entry.at) as on_day, sum(-entry.delta) as quantity
           from ledger_entry entry join lot on lot.id = entry.lot_id
           where entry.type = 'COMMIT' and entry.delta < 0 and entry.at >= ? group by 1, 2) day
     join drug_fact drug on drug.id = day.drug_id group by 1, 2, 3`,
    [new Date(clock.now().getTime() - days * 86_400_000)],
  )
  const lastUse = addDays(clock.today(), policy.MINIMUM_DATING_DAYS + policy.DEFAULT_DAYS_SUPPLY)
  const stocked = await em.execute<{ drug_id: string; free: string; days_left: number }[]>(
    `select drug_id, quantity_on_hand - quantity_reserved as free, expiry_date - ?::date as days_left
     from lot where status = 'AVAILABLE' and drug_id = any(?::uuid[]) order by expiry_date, id`,
    [lastUse, `{${used.map(({ drug_id }) => drug_id).join(',')}}`],
  )
  const ordered = new Map((await em.execute<{ drug_id: string; quantity: string }[]>(
    `select line.drug_id, sum(line.quantity - line.received) as quantity from purchase_order_line line join purchase_order on purchase_order.id = line.purchase_order_id
     where purchase_order.status in ('APPROVED', 'SENT', 'PARTIALLY_RECEIVED') group by 1`,
  )).map(({ drug_id, quantity }) => [drug_id, Number(quantity)]))
  const lots = Map.groupBy(stocked, ({ drug_id }) => drug_id)
  return used.map(({ drug_id: drugId, ndc, package_size, per_day }) => {
    const demand = demandOf(per_day.map(Number), days)
    const position = usable((lots.get(drugId) ?? []).map(({ free, days_left }) => ({ free: Number(free), daysLeft: days_left })), demand) + (ordered.get(drugId) ?? 0)
    return { drugId, ndc, meanPerDay: demand.meanPerDay, position, reorderPoint: reorderPoint(demand, supply), suggestedQuantity: suggestedOrder(position, demand, supply, Number(package_size)) }
  })
}
