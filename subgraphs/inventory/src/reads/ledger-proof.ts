import { clock, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'

export type Mismatch = { lotId: string; onHand: number; ledgerOnHand: number; reserved: number; ledgerReserved: number }
export type Proof = { lots: number; entries: number; mismatches: Mismatch[]; checkedAt: Date }

/** Sums every lot's ledger in one statement, hence at one moment, and names the lots whose balance differs. */
export async function proveLedger(em: EntityManager, actor: Actor): Promise<Proof> {
  access.must(actor, 'ledger:prove', undefined)
  const rows = await em.execute<{ id: string | null; on_hand: string; ledger_on_hand: string; reserved: string; ledger_reserved: string; lots: number; entries: number }[]>(
    `with sums as (
       select lot_id, sum(delta) as delta, sum(reserved_delta) as reserved_delta, count(*)::int as entries from ledger_entry group by lot_id
     ), compared as (
       select lot.id, quantity_on_hand as on_hand, coalesce(delta, 0) as ledger_on_hand,
              quantity_reserved as reserved, coalesce(reserved_delta, 0) as ledger_reserved, coalesce(entries, 0) as entries
       from lot left join sums on sums.lot_id = lot.id
     ), total as (
       select count(*)::int as lots, coalesce(sum(entries), 0)::int as entries from compared
     )
     select total.lots, total.entries, id, on_hand, ledger_on_hand, reserved, ledger_reserved
     from total left join compared on on_hand <> ledger_on_hand or reserved <> ledger_reserved
     order by id`,
  )
  const mismatches = rows.flatMap(({ id, ...row }) =>
    id === null
      ? []
      : [{ lotId: id, onHand: Number(row.on_hand), ledgerOnHand: Number(row.ledger_on_hand), reserved: Number(row.reserved), ledgerReserved: Number(row.ledger_reserved) }],
  )
  return { lots: rows[0]?.lots ?? 0, entries: rows[0]?.entries ?? 0, mismatches, checkedAt: clock.now() }
}
