import { ormOptions } from '@pharmagraph/platform'
import { prescriptions } from './src/subgraph.ts'

/** For the MikroORM command line; the service itself opens its database in platform. */
export default ormOptions({ url: process.env['DATABASE_URL'] ?? 'postgresql://localhost/prescriptions', entities: prescriptions.entities, migrations: `${prescriptions.folder}/migrations` })
