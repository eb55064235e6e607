import { isStaff } from '@pharmagraph/platform'
import type { WorkClaimResolvers, WorkItemResolvers, WorkQueueResolvers, WorkerSkillsResolvers } from '../generated/resolvers.ts'
import { queueItems } from '../reads/work-queue.ts'
import type { WorkSkill } from '../work-skills.ts'

export const workQueueResolvers: WorkQueueResolvers = {
  __resolveReference: ({ name }, { actor }) => (isStaff(actor) ? { name } : null),
  depth: ({ name }, _args, { loaders }) => loaders.queueDepth.load(name),
  items: ({ name }, { first, after }, { em }) => queueItems(em, name, { first: first ?? 50, after }),
}

export const workItemResolvers: WorkItemResolvers = {
  __resolveReference: ({ id }, { actor, loaders }) => (isStaff(actor) ? loaders.workItem.load(id) : null),
  state: ({ status }) => status,
  skills: ({ skills }) => skills as WorkSkill[],
  prescription: ({ prescriptionId }, _args, { loaders }) => (prescriptionId ? loaders.prescription.load(prescriptionId) : null),
  fill: ({ fillId }, _args, { loaders }) => (fillId ? loaders.fill.load(fillId) : null),
}

export const workerSkillsResolvers: WorkerSkillsResolvers = {
  worker: ({ subject }) => subject,
  skills: ({ skills }) => skills as WorkSkill[],
}

export const workClaimResolvers: WorkClaimResolvers = {
  item: (item) => item,
  leaseUntil: ({ leaseUntil }) => leaseUntil!,
}
