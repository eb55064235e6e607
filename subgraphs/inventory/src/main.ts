import { startSubgraph } from '@pharmagraph/platform'
import { inventory } from './subgraph.ts'

await startSubgraph(inventory)
