import { startSubgraph } from '@pharmagraph/platform'
import { logistics } from './subgraph.ts'

await startSubgraph(logistics)
