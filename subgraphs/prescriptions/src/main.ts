import { startSubgraph } from '@pharmagraph/platform'
import { prescriptions } from './subgraph.ts'

await startSubgraph(prescriptions)
