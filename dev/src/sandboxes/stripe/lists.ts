import type { Account } from './account.ts'
import { badParam } from './errors.ts'
import type { List } from './objects.ts'
import type { Params } from './params.ts'

export const LIST_PARAMS = ['limit', 'starting_after', 'ending_before', 'created', 'expand']

/** A page of `rows` (oldest first), newest first, as Stripe's cursors cut it. */
export function listOf<T extends { id: string; created: number }>(
  url: string,
  rows: Iterable<Readonly<T>>,
  params: Params,
  keep: (row: T) => boolean,
): List<T> {
  const limit = params.integer('limit') ?? 10
  if (limit < 1 || limit > 100) throw badParam('limit', 'Invalid limit: must be between 1 and 100', 'parameter_invalid_integer')
  const within = createdWithin(params)
  const all = [...rows].filter((row) => keep(row) && within(row.created)).reverse()
  const before = params.text('ending_before')
  const after = params.text('starting_after')
  const indexOf = (id: string): number => all.findIndex((row) => row.id === id)
  const end = before === undefined ? all.length : indexOf(before)
  const start = before === undefined ? (after === undefined ? 0 : indexOf(after) + 1) : Math.max(0, end - limit)
  const data = all.slice(start, Math.min(end, start + limit))
  return { object: 'list', url, has_more: before === undefined ? start + limit < all.length : start > 0, data }
}

function createdWithin(params: Params): (created: number) => boolean {
  const range = typeof params.form['created'] === 'object' ? params.group('created') : undefined
  const exact = range ? undefined : params.integer('created')
  const [gte, gt, lte, lt] = ['gte', 'gt', 'lte', 'lt'].map((bound) => range?.integer(bound))
  return (created) =>
    (exact === undefined || created === exact) &&
    (gte === undefined || created >= gte) &&
    (gt === undefined || created > gt) &&
    (lte === undefined || created <= lte) &&
    (lt === undefined || created < lt)
}

/** `object` with the ids under `expand` replaced by what they name. https://docs.stripe.com/api/expanding_objects */
export function expanded(account: Account, object: object, expand: readonly string[] = []): object {
  const copy = structuredClone(object) as Record<string, unknown>
  for (const path of expand) expandOne(account, copy, path.split('.'), path)
  return copy
}

function expandOne(account: Account, node: Record<string, unknown>, [key = '', ...rest]: string[], path: string): void {
  if (!(key in node)) throw badParam('expand', `This property cannot be expanded (${path}).`)
  if (Array.isArray(node[key])) {
    for (const item of node[key] as Record<string, unknown>[]) expandOne(account, item, rest, path)
    return
  }
  if (typeof node[key] === 'string') {
    const found = byId(account, node[key])
    if (!found) throw badParam('expand', `This property cannot be expanded (${path}).`)
    node[key] = found
  }
  if (rest.length > 0 && node[key] !== null) expandOne(account, node[key] as Record<string, unknown>, rest, path)
}

function byId(account: Account, id: string): object | undefined {
  const tables: Record<string, { get(id: string): object | undefined }> = {
    cus: account.customers,
    pm: account.paymentMethods,
    pi: account.paymentIntents,
    seti: account.setupIntents,
    ch: account.charges,
    re: account.refunds,
    du: account.disputes,
  }
  return tables[id.split('_', 1)[0] ?? '']?.get(id)
}
