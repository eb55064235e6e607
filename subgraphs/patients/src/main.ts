import { startSubgraph } from '@pharmagraph/platform'
import { patients } from './subgraph.ts'

await startSubgraph(patients)
