import { invalid, type Connection, type EntityManager, type Page } from '@pharmagraph/platform'
import { openItemStates, WorkItem, type QueueName } from '../entities/work-item.ts'

/** Items waiting or claimed, per queue; the batch function of a dataloader. */
export const queueDepths = (em: EntityManager) => async (queues: readonly QueueName[]): Promise<number[]> => {
  const rows = await em.execute<{ queue: QueueName; depth: number }[]>(
    `select queue, count(*)::int as depth from work_item where status in ('AVAILABLE', 'CLAIMED', 'ESCALATED') group by queue`,
  )
  return queues.map((queue) => rows.find((row) => row.queue === queue)?.depth ?? 0)
}

/** A page of a queue in the order of its turns: priority, then due, then age. The cursor is a place in that order. */
export async function queueItems(em: EntityManager, queue: QueueName, { first, after }: Page): Promise<Connection<WorkItem>> {
  if (!Number.isInteger(first) || first < 1 || first > 200) throw invalid('first', 'first must be from 1 to 200')
  const items = await em.find(
    WorkItem,
    { $and: [{ queue, status: { $in: [...openItemStates] } }, after ? behind(after) : {}] },
    { orderBy: { priority: 'asc', dueAt: 'asc', createdAt: 'asc', id: 'asc' }, limit: first + 1 },
  )
  const nodes = items.slice(0, first)
  const edges = nodes.map((node) => ({ cursor: cursorOf(node), node }))
  return { edges, nodes, pageInfo: { hasNextPage: items.length > first, endCursor: edges.at(-1)?.cursor ?? null } }
}

const cursorOf = ({ priority, dueAt, createdAt, id }: WorkItem): string =>
  Buffer.from(JSON.stringify([priority, dueAt.toISOString(), createdAt.toISOString(), id])).toString('base64url')

function behind(cursor: string): object {
  const [priority, dueAt, createdAt, id] = decode(cursor)
  return {
    $or: [
      { priority: { $gt: priority } },
      { priority, dueAt: { $gt: dueAt } },
      { priority, dueAt, createdAt: { $gt: createdAt } },
      { priority, dueAt, createdAt, id: { $gt: id } },
    ],
  }
}

function decode(cursor: string): [number, Date, Date, string] {
  try {
    const [priority, dueAt, createdAt, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [number, string, string, string]
    const [due, created] = [new Date(dueAt), new Date(createdAt)]
    if (Number.isInteger(priority) && !Number.isNaN(due.getTime()) && !Number.isNaN(created.getTime()) && typeof id === 'string') return [priority, due, created, id]
  } catch {
    // told below, like any other cursor that is not ours
  }
  throw invalid('after', 'this cursor is not one of ours')
}
