import { defineEntity, p } from '@mikro-orm/postgresql'

/** What a person is set to know how to do. Who has no row may do whatever their role allows. */
export const WorkerSkillsSchema = defineEntity({
  name: 'WorkerSkills',
  tableName: 'worker_skills',
  properties: {
    /** By the identity provider. */
    subject: p.string().primary(),
    skills: p.array(),
    setBy: p.string(),
    setAt: p.datetime(),
  },
})
export class WorkerSkills extends WorkerSkillsSchema.class {}
WorkerSkillsSchema.setClass(WorkerSkills)
