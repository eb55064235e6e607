import { ormOptions } from '@pharmagraph/platform'
import { catalog } from './src/subgraph.ts'

/** For the MikroORM command line; the service itself opens its database in platform. */
export default ormOptions({ url: process.env['DATABASE_URL'] ?? 'postgresql://localhost/catalog', entities: catalog.entities, migrations: `${catalog.folder}/migrations` })
