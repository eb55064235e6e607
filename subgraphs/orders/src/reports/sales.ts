import { addDays, clock, invalid, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { csvOf } from './csv.ts'

/** The pharmacy's days; both belong to the report. */
export type Days = { from: string; to: string }

export type DrugSales = { drugId: string; from: string; to: string; orders: number; units: number; revenueMinor: number; taxMinor: number }
export type SalesReport = Days & { orders: number; revenueMinor: number; taxMinor: number; shippingMinor: number; refundedMinor: number; byDrug: DrugSales[]; byDay: DaySales[]; csv: string }
export type DaySales = { day: string; orders: number; revenueMinor: number }

const zone = 'America/Los_Angeles'
const longest = 366

export function checkDays({ from, to }: Days): void {
  if (to < from) throw invalid('to', 'the report ends before it begins')
  if (addDays(from, longest) < to) throw invalid('to', `a report covers ${longest} days at most`)
}

/** A line counts on the day its part was paid, at what was charged for it: price without tax, what was dispensed of it. */
const soldLines = `
  select l.drug_id, l.order_id, coalesce(l.supplied_quantity, l.quantity) as units, l.tax_minor, l.line_total_minor,
    case when l.charge_minor is null then l.line_total_minor else l.charge_minor - round(l.tax_minor * l.supplied_quantity / l.quantity) end::bigint as revenue_minor,
    case when l.charge_minor is null then l.tax_minor else round(l.tax_minor * l.supplied_quantity / l.quantity) end::bigint as charged_tax_minor,
    (t.at at time zone '${zone}')::date as day
  from transition t join fulfilment f on f.id = t.subject_id join order_line l on l.fulfilment_id = f.id
  where t.machine = 'fulfilment' and t.verb = 'pay' and l.status = 'RELEASED' and t.at >= (?::date)::timestamp at time zone '${zone}' and t.at < (?::date + 1)::timestamp at time zone '${zone}'`

type Row = { drug_id: string; orders: number; units: number; revenue: number; tax: number }

/** What was sold and paid for in these days, by drug and by day; refunds are those that went out in them. */
export async function salesReport(em: EntityManager, actor: Actor, { from, to }: Days): Promise<SalesReport> {
  access.must(actor, 'reports:read', undefined)
  checkDays({ from, to })
  const rows = await em.execute<Row[]>(
    `select drug_id, count(distinct order_id)::int as orders, sum(units)::float as units, sum(revenue_minor)::int as revenue, sum(charged_tax_minor)::int as tax from (${soldLines}) s group by drug_id order by revenue desc, drug_id`, [from, to])
  const days = await em.execute<{ day: string; orders: number; revenue: number }[]>(
    `select day::text as day, count(distinct order_id)::int as orders, sum(revenue_minor)::int as revenue from (${soldLines}) s group by day order by day`, [from, to])
  const [totals] = await em.execute<{ orders: number; shipping: number }[]>(
    `select count(*)::int as orders, coalesce(sum(o.shipping_minor), 0)::int as shipping from customer_order o where o.id in (select order_id from (${soldLines}) s)`, [from, to])
  const [back] = await em.execute<{ refunded: number }[]>(
    `select coalesce(sum(case kind when 'REFUNDED' then amount_minor else -amount_minor end), 0)::int as refunded from payment_ledger
     where kind in ('REFUNDED', 'REFUND_REVERSED') and account = 'SALES' and at >= (?::date)::timestamp at time zone '${zone}' and at < (?::date + 1)::timestamp at time zone '${zone}'`, [from, to])
  const byDrug = rows.map(({ drug_id: drugId, orders, units, revenue, tax }): DrugSales => ({ drugId, from, to, orders, units, revenueMinor: revenue, taxMinor: tax }))
  const sum = (of: (row: DrugSales) => number): number => byDrug.reduce((total, row) => total + of(row), 0)
  return {
    from, to, orders: totals?.orders ?? 0, revenueMinor: sum((row) => row.revenueMinor), taxMinor: sum((row) => row.taxMinor),
    shippingMinor: totals?.shipping ?? 0, refundedMinor: Math.abs(back?.refunded ?? 0), byDrug,
    byDay: days.map(({ day, orders, revenue }) => ({ day, orders, revenueMinor: revenue })),
    csv: csvOf(['drug_id', 'orders', 'units', 'revenue_minor', 'tax_minor'], byDrug.map(({ drugId, orders, units, revenueMinor, taxMinor }) => [drugId, orders, units, revenueMinor, taxMinor])),
  }
}

export type FillTimes = Days & { parts: number; medianMinutes: number | null; p90Minutes: number | null; slowestMinutes: number | null; csv: string }

/** Minutes from the authorisation of an order (or the later hold of a part) to the release of each part with prescriptions. */
export async function fillTimes(em: EntityManager, actor: Actor, { from, to }: Days): Promise<FillTimes> {
  access.must(actor, 'reports:read', undefined)
  checkDays({ from, to })
  const rows = await em.execute<{ fulfilment_id: string; number: string; released_at: Date; minutes: number }[]>(
    `select f.id as fulfilment_id, o.number || '/' || f.number as number, t.at as released_at, extract(epoch from t.at - greatest(a.at, h.at))::float / 60 as minutes
     from transition t join fulfilment f on f.id = t.subject_id join customer_order o on o.id = f.order_id
     join lateral (select min(at) as at from transition where machine = 'order' and subject_id = o.id and verb = 'authorizePayment') a on true
     join lateral (select max(at) as at from transition where machine = 'fulfilment' and subject_id = f.id and verb = 'hold') h on true
     where t.machine = 'fulfilment' and t.verb = 'release' and t.at >= (?::date)::timestamp at time zone '${zone}' and t.at < (?::date + 1)::timestamp at time zone '${zone}'
       and exists (select 1 from order_line l where l.fulfilment_id = f.id and l.prescription_id is not null)
     order by minutes`, [from, to])
  const at = (share: number): number | null => rows[Math.min(rows.length - 1, Math.floor(rows.length * share))]?.minutes ?? null
  return {
    from, to, parts: rows.length, medianMinutes: at(0.5), p90Minutes: at(0.9), slowestMinutes: rows.at(-1)?.minutes ?? null,
    csv: csvOf(['part', 'released_at', 'minutes'], rows.map((row) => [row.number, new Date(row.released_at).toISOString(), row.minutes.toFixed(1)])),
  }
}

export type AbandonedCarts = { idleHours: number; carts: number; worthMinor: number; newest: AbandonedCart[]; csv: string }
export type AbandonedCart = { cartId: string; lines: number; worthMinor: number; updatedAt: Date }

/** Open carts nobody touched for so long, at today's prices, the newest first; who left them is not told. */
export async function abandonedCarts(em: EntityManager, actor: Actor, idleHours: number): Promise<AbandonedCarts> {
  access.must(actor, 'reports:read', undefined)
  if (idleHours < 1 || idleHours > 24 * 365) throw invalid('idleHours', 'from one hour to a year')
  const rows = await em.execute<{ id: string; updated_at: Date; lines: number; worth: number }[]>(
    `select c.id, c.updated_at, count(l.id)::int as lines, coalesce(round(sum(d.price_minor * l.quantity / d.package_size)), 0)::int as worth
     from cart c join cart_line l on l.cart_id = c.id left join drug_fact d on d.id = l.drug_id
     where c.status = 'OPEN' and c.updated_at < ? group by c.id order by c.updated_at desc`, [new Date(clock.now().getTime() - idleHours * 3_600_000)])
  const carts = rows.map(({ id, updated_at: updatedAt, lines, worth }): AbandonedCart => ({ cartId: id, lines, worthMinor: worth, updatedAt: new Date(updatedAt) }))
  return {
    idleHours, carts: carts.length, worthMinor: carts.reduce((sum, { worthMinor }) => sum + worthMinor, 0), newest: carts.slice(0, 100),
    csv: csvOf(['cart_id', 'lines', 'worth_minor', 'updated_at'], carts.map(({ cartId, lines, worthMinor, updatedAt }) => [cartId, lines, worthMinor, updatedAt.toISOString()])),
  }
}
