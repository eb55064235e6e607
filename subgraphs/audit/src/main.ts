import { startSubgraph } from '@pharmagraph/platform'
import { audit } from './subgraph.ts'

await startSubgraph(audit)
