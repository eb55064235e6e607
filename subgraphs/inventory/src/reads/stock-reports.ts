import { addDays, clock, invalid, type Actor, type EntityManager } from '@pharmagraph/platform'
import { stringify } from 'csv-stringify/sync'
import { access } from '../access.ts'

const zone = 'America/Los_Angeles'
const inDays = (column: string): string => `${column} >= (?::date)::timestamp at time zone '${zone}' and ${column} < (?::date + 1)::timestamp at time zone '${zone}'`
/** RFC 4180 with a header; cells that a spreadsheet would take for a formula are quoted as text. */
const csvOf = (columns: string[], rows: (string | number | null)[][]): string => stringify(rows, { header: true, columns, record_delimiter: 'windows', escape_formulas: true })

export type ExpiringLot = { lotId: string; drugId: string; batchNumber: string; expiryDate: string; quantity: number; valueMinor: number | null }
export type ExpiringStock = { until: string; lots: ExpiringLot[]; valueMinor: number; csv: string }

/** What is on the shelf and ends its dating within so many days, the soonest first. Lots of unknown cost count for nothing in the value. */
export async function expiringStock(em: EntityManager, actor: Actor, withinDays: number): Promise<ExpiringStock> {
  access.must(actor, 'lot:view', undefined)
  if (withinDays < 0 || withinDays > 730) throw invalid('withinDays', 'from 0 to 730 days')
  const until = addDays(clock.today(), withinDays)
  const rows = await em.execute<{ id: string; drug_id: string; batch_number: string; expiry: string; quantity: number; value: number | null }[]>(
    `select l.id, l.drug_id, l.batch_number, l.expiry_date::text as expiry, l.quantity_on_hand::float as quantity, round(l.quantity_on_hand * c.cost_minor / c.units)::int as value
     from lot l left join lot_cost c on c.lot_id = l.id
     where l.quantity_on_hand > 0 and l.expiry_date <= ?::date and l.status not in ('DESTROYED', 'RETURNED_TO_SUPPLIER') order by l.expiry_date, l.id limit 1000`, [until])
  const lots = rows.map((row): ExpiringLot => ({ lotId: row.id, drugId: row.drug_id, batchNumber: row.batch_number, expiryDate: row.expiry, quantity: row.quantity, valueMinor: row.value }))
  return {
    until, lots, valueMinor: lots.reduce((sum, { valueMinor }) => sum + (valueMinor ?? 0), 0),
    csv: csvOf(['lot_id', 'drug_id', 'batch_number', 'expiry_date', 'quantity', 'value_minor'], lots.map((lot) => [lot.lotId, lot.drugId, lot.batchNumber, lot.expiryDate, lot.quantity, lot.valueMinor])),
  }
}

export type Turnover = { drugId: string; dispensed: number; averageOnHand: number; turns: number | null }
export type StockTurnover = { from: string; to: string; drugs: Turnover[]; csv: string }

/** How often the stock of each drug went over the counter in these days: units dispensed over the mean of opening and closing stock. */
export async function stockTurnover(em: EntityManager, actor: Actor, { from, to }: { from: string; to: string }): Promise<StockTurnover> {
  access.must(actor, 'stock:plan', undefined)
  if (to < from || addDays(from, 366) < to) throw invalid('to', 'a report covers one day to 366')
  const rows = await em.execute<{ drug_id: string; dispensed: number; average: number }[]>(
    `select l.drug_id, coalesce(sum(-e.delta) filter (where e.type = 'COMMIT' and ${inDays('e.at')}), 0)::float as dispensed,
       (sum(e.delta) filter (where e.at < (?::date)::timestamp at time zone '${zone}'))::float as opening,
       ((coalesce(sum(e.delta) filter (where e.at < (?::date)::timestamp at time zone '${zone}'), 0) + coalesce(sum(e.delta) filter (where e.at < (?::date + 1)::timestamp at time zone '${zone}'), 0)) / 2)::float as average
     from ledger_entry e join lot l on l.id = e.lot_id group by l.drug_id order by dispensed desc, l.drug_id limit 1000`, [from, to, from, from, to])
  const drugs = rows.map(({ drug_id: drugId, dispensed, average }): Turnover => ({ drugId, dispensed, averageOnHand: average, turns: average > 0 ? Math.round((dispensed / average) * 100) / 100 : null }))
  return { from, to, drugs, csv: csvOf(['drug_id', 'dispensed', 'average_on_hand', 'turns'], drugs.map((row) => [row.drugId, row.dispensed, row.averageOnHand, row.turns])) }
}

export type SoldKey = { drugId: string; from: string; to: string }

/** What the units dispensed of each drug in its days had cost, minor units; null where the cost of one of their lots is not known. */
export async function costOfGoods(em: EntityManager, keys: readonly SoldKey[]): Promise<(number | null)[]> {
  const rows = await em.execute<{ place: number; cost: number | null; unknown: number }[]>(
    `select k.place, round(sum(-e.delta * c.cost_minor / c.units))::int as cost, count(*) filter (where c.lot_id is null)::int as unknown
     from jsonb_to_recordset(?::jsonb) as k(place int, drug uuid, first date, last date)
     join lot l on l.drug_id = k.drug join ledger_entry e on e.lot_id = l.id and e.type in ('COMMIT', 'RETURN')
       and e.at >= k.first::timestamp at time zone '${zone}' and e.at < (k.last + 1)::timestamp at time zone '${zone}'
     left join lot_cost c on c.lot_id = l.id group by k.place`,
    [JSON.stringify(keys.map(({ drugId, from, to }, place) => ({ place, drug: drugId, first: from, last: to })))])
  const found = new Map(rows.map((row) => [row.place, row.unknown > 0 ? null : row.cost]))
  return keys.map((_key, place) => found.get(place) ?? null)
}
