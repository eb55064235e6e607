import type { JobWithServices } from '@pharmagraph/platform'
import { takeImportLines } from '../commands/take-import-lines.ts'
import type { Services } from '../services.ts'

/** Works through bulk imports beside everything else. */
export const takeImports: JobWithServices<Services> = {
  name: 'take-import-lines',
  everyMs: 300,
  run: (em, _actor, { services, logger }) => takeImportLines(em, services, 100, logger),
}
