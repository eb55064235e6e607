import { startSubgraph } from '@pharmagraph/platform'
import { orders } from './subgraph.ts'

await startSubgraph(orders)
