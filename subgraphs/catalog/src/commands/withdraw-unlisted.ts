import { clock, type EntityManager } from '@pharmagraph/platform'
import type { directoryLists } from '../entities/directory.ts'
import { refusal, reservation, type Remark } from '../remarks.ts'

/** A list that loses more than this at once is more likely a download that broke off: the files have no end mark. */
const mostWithdrawn = 0.2

const kinds = {
  directory_product: { key: 'id', list: 'list' },
  directory_package: { key: `product_id || '/' || ndc`, list: '(select d.list from directory_product d where d.id = t.product_id)' },
  approved_product: { key: `application_number || '/' || product_number`, list: `'ALL'` },
}

/** Marks what a complete file no longer has as withdrawn; it stays, for what was dispensed from it. */
export async function withdrawUnlisted(
  em: EntityManager, runId: string, table: keyof typeof kinds, list: (typeof directoryLists)[number] | 'ALL', { complete, acceptWithdrawals }: { complete: boolean; acceptWithdrawals: boolean },
): Promise<{ withdrawn: number; remarks: Remark[] }> {
  // just filled: without fresh statistics the comparison of thousands is planned as if for ten
  await em.execute(`analyze import_seen, ${table}`)
  if (!complete) return { withdrawn: 0, remarks: [] }
  const { key, list: listOf } = kinds[table]
  const unlisted = `from ${table} t where t.withdrawn_at is null and ${listOf} = ? and not exists (select from import_seen s where s.run_id = ? and s.key = ${key})`
  const [count] = await em.execute<{ gone: number; all: number }[]>(
    `select (select count(*)::int ${unlisted}) as gone, (select count(*)::int from ${table} t where t.withdrawn_at is null and ${listOf} = ?) as all`, [list, runId, list])
  const { gone, all } = count!
  if (gone > all * mostWithdrawn && !acceptWithdrawals) {
    const message = `the file lacks ${gone} of ${all} that are listed, as a download that broke off would: nothing was withdrawn; import again with --accept-withdrawals if it is right`
    return { withdrawn: 0, remarks: [refusal('TOO_MANY_WITHDRAWN', message)] }
  }
  await em.execute(`update ${table} set withdrawn_at = ? where ctid in (select t.ctid ${unlisted})`, [clock.now(), list, runId])
  const remarks = table === 'directory_package' ? await soldButWithdrawn(em) : []
  return { withdrawn: gone, remarks }
}

async function soldButWithdrawn(em: EntityManager): Promise<Remark[]> {
  const drugs = await em.execute<{ ndc: string }[]>(
    'select drug.ndc from drug join directory_package p on p.ndc12 = drug.ndc12 group by drug.ndc having bool_and(p.withdrawn_at is not null) order by 1 limit 20')
  return drugs.length ? [reservation('SOLD_BUT_WITHDRAWN', `the formulary sells what is no longer listed: ${drugs.map(({ ndc }) => ndc).join(', ')}`)] : []
}
