import { clock, type EntityManager } from '@pharmagraph/platform'
import type { PolicyName } from '../entities/policy.ts'

/** Every policy as it is in force today. */
export async function policyToday(em: EntityManager): Promise<Record<PolicyName, number>> {
  const rows = await em.execute<{ name: PolicyName; value: number }[]>(
    'select distinct on (name) name, value from policy where effective_from <= ? order by name, effective_from desc', [clock.today()],
  )
  return Object.fromEntries(rows.map(({ name, value }) => [name, value])) as Record<PolicyName, number>
}
