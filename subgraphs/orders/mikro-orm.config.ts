import { ormOptions } from '@pharmagraph/platform'
import { orders } from './src/subgraph.ts'

/** For the MikroORM command line; the service itself opens its database in platform. */
export default ormOptions({ url: process.env['DATABASE_URL'] ?? 'postgresql://localhost/orders', entities: orders.entities, migrations: `${orders.folder}/migrations` })
