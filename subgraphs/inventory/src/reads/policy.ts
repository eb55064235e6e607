import { clock, type EntityManager } from '@pharmagraph/platform'
import type { PolicyName } from '../entities/policy.ts'

export type Policy = Record<PolicyName, number>

/** A row written for today shows within this time; rows for later days show on their day. */
const freshMs = 60_000
const remembered = new WeakMap<object, { day: string; until: number; policy: Policy }>()

/** Every policy as it is in force today, remembered for a minute: numbers that change by the day are not asked for at every hold. */
export async function policyToday(em: EntityManager): Promise<Policy> {
  const [day, now] = [clock.today(), Date.now()]
  const known = remembered.get(em.getDriver())
  if (known && known.day === day && known.until > now) return known.policy
  const rows = await em.execute<{ name: PolicyName; value: number }[]>(
    'select distinct on (name) name, value from policy where effective_from <= ? order by name, effective_from desc', [day],
  )
  const policy = Object.fromEntries(rows.map(({ name, value }) => [name, value])) as Policy
  remembered.set(em.getDriver(), { day, until: now + freshMs, policy })
  return policy
}
