import { startSubgraph } from '@pharmagraph/platform'
import { catalog } from './subgraph.ts'

await startSubgraph(catalog)
