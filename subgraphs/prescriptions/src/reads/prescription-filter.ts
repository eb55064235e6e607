import type { FilterQuery } from '@mikro-orm/postgresql'
import type { Prescription, PrescriptionState } from '../entities/prescription.ts'

export type PrescriptionFilter = 'ALL' | 'ACTIVE' | 'PAST'

const active: PrescriptionState[] = ['RECEIVED', 'DATA_ENTRY', 'CLINICAL_REVIEW', 'CLARIFICATION', 'VERIFIED', 'ON_HOLD']

/** ACTIVE is what may still lead to a fill; PAST is everything else. */
export const statesOf = (filter: PrescriptionFilter): FilterQuery<Prescription> =>
  filter === 'ALL' ? {} : { status: filter === 'ACTIVE' ? { $in: active } : { $nin: active } }
