import { handler } from '@pharmagraph/platform'
import { rememberDrugs } from '../commands/remember-drug.ts'

export const drugPublished = handler('catalog.drug-published.v1', 'remember-drug', (em, { data }, actor) => rememberDrugs(em, actor, [data]))
