import type { Job } from '@pharmagraph/platform'
import { requestNotices } from '../commands/request-notices.ts'

export const requestNoticesJob: Job = { name: 'request-recall-notices', everyMs: 5_000, run: requestNotices }
