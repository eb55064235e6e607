import type { RecallNotice } from '../entities/recall.ts'
import type { AffectedFill } from './affected-fills.ts'

export type Progress = { patients: number; requested: number; notified: number; acknowledged: number; unreachable: number }

/** How far the telling has come: people with units, people asked, people a message went to, people who know, people sought in vain. */
export function progressOf(fills: readonly AffectedFill[], notices: readonly RecallNotice[]): Progress {
  const count = (status: RecallNotice['status']): number => notices.filter((notice) => notice.status === status).length
  return { patients: new Set(fills.map(({ patientId }) => patientId)).size, requested: notices.length, notified: notices.filter(({ notifiedAt }) => notifiedAt !== null).length, acknowledged: count('ACKNOWLEDGED'), unreachable: count('UNREACHABLE') }
}
