import { ormOptions } from '@pharmagraph/platform'
import { logistics } from './src/subgraph.ts'

/** For the MikroORM command line; the service itself opens its database in platform. */
export default ormOptions({ url: process.env['DATABASE_URL'] ?? 'postgresql://localhost/logistics', entities: logistics.entities, migrations: `${logistics.folder}/migrations` })
