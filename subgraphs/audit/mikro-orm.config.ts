import { ormOptions } from '@pharmagraph/platform'
import { audit } from './src/subgraph.ts'

/** For the MikroORM command line; the service itself opens its database in platform. */
export default ormOptions({ url: process.env['DATABASE_URL'] ?? 'postgresql://localhost/audit', entities: audit.entities, migrations: `${audit.folder}/migrations` })
