import { defineEntity, p } from '@mikro-orm/postgresql'

export const queueNames = ['DATA_ENTRY', 'VERIFICATION', 'FILL', 'PRODUCT_CHECK'] as const
export const workItemStates = ['AVAILABLE', 'CLAIMED', 'DONE', 'ESCALATED', 'WITHDRAWN'] as const
export type QueueName = (typeof queueNames)[number]
export type WorkItemState = (typeof workItemStates)[number]
export const openItemStates: readonly WorkItemState[] = ['AVAILABLE', 'CLAIMED', 'ESCALATED']

/** Lower is more urgent. */
export const priorities = { stat: 10, waiting: 20, routine: 50 } as const

export const WorkItemSchema = defineEntity({
  name: 'WorkItem',
  tableName: 'work_item',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    queue: p.enum(queueNames),
    status: p.enum(workItemStates),
    priority: p.integer(),
    dueAt: p.datetime(),
    createdAt: p.datetime(),
    claimedBy: p.string().nullable(),
    claimedByRole: p.string().nullable(),
    leaseUntil: p.datetime().nullable(),
    /** Fencing token: grows with every claim, and every write under a claim carries it. */
    token: p.integer().default(0),
    attempt: p.integer().default(0),
    prescriptionId: p.uuid().nullable().index(),
    fillId: p.uuid().nullable().index(),
    /** Subjects who did the step before and so may not do this one. */
    excluded: p.array(),
    /** What whoever takes it must know how to do; none asked of most. */
    skills: p.array().default([]),
  },
  indexes: [
    { name: 'work_item_turn', expression: `create index work_item_turn on work_item (queue, priority, due_at, created_at, id) where status in ('AVAILABLE', 'CLAIMED', 'ESCALATED')` },
    { name: 'work_item_one_claim', expression: `create unique index work_item_one_claim on work_item (queue, claimed_by) where status = 'CLAIMED'` },
    { name: 'work_item_one_per_prescription', expression: `create unique index work_item_one_per_prescription on work_item (queue, prescription_id) where fill_id is null and status in ('AVAILABLE', 'CLAIMED', 'ESCALATED')` },
    { name: 'work_item_one_per_fill', expression: `create unique index work_item_one_per_fill on work_item (queue, fill_id) where status in ('AVAILABLE', 'CLAIMED', 'ESCALATED')` },
  ],
})
export class WorkItem extends WorkItemSchema.class {}
WorkItemSchema.setClass(WorkItem)
