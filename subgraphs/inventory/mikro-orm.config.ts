import { ormOptions } from '@pharmagraph/platform'
import { inventory } from './src/subgraph.ts'

/** For the MikroORM command line; the service itself opens its database in platform. */
export default ormOptions({ url: process.env['DATABASE_URL'] ?? 'postgresql://localhost/inventory', entities: inventory.entities, migrations: `${inventory.folder}/migrations` })
