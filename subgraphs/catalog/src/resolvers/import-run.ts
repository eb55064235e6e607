import { page } from '@pharmagraph/platform'
import { ImportRemark } from '../entities/import-run.ts'
import type { ImportRunResolvers } from '../generated/resolvers.ts'

export const importRunResolvers: ImportRunResolvers = {
  remarks: (run, { first, after }, { em }) => page(em, ImportRemark, { runId: run.id }, { first: first ?? 50, after }, 'asc'),
}
