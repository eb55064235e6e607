/** What work asks of who takes it, besides the role: rows, so that another skill is another row. */
import { isControlled, type Prescription } from './entities/prescription.ts'
import type { QueueName } from './entities/work-item.ts'

export const workSkills = ['CONTROLLED_SUBSTANCES', 'UPLOADED_PICTURES'] as const
export type WorkSkill = (typeof workSkills)[number]
type Work = Pick<Prescription, 'deaSchedule' | 'source'>

const asked: readonly { skill: WorkSkill; queues: readonly QueueName[]; of: (work: Work) => boolean }[] = [
  { skill: 'CONTROLLED_SUBSTANCES', queues: ['DATA_ENTRY', 'VERIFICATION', 'FILL', 'PRODUCT_CHECK'], of: ({ deaSchedule }) => isControlled(deaSchedule) },
  // a picture is read by who reads handwriting, and compared by who does
  { skill: 'UPLOADED_PICTURES', queues: ['DATA_ENTRY', 'VERIFICATION'], of: ({ source }) => source === 'UPLOAD' },
]

export const skillsFor = (queue: QueueName, work: Work): WorkSkill[] => asked.filter(({ queues, of }) => queues.includes(queue) && of(work)).map(({ skill }) => skill)
