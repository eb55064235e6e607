/** What a recall does to holds that inventory told of before. */
import { handler } from '@pharmagraph/platform'
import { loseLots, replaceLots } from '../commands/replace-lots.ts'

export const recallConsumers = [
  handler('inventory.hold-reallocated.v1', 'replace-lots', (em, { data }) => replaceLots(em, data)),
  handler('inventory.hold-lost.v1', 'lose-lots', (em, { data }) => loseLots(em, data)),
]
