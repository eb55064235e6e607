import { ormOptions } from '@pharmagraph/platform'
import { patients } from './src/subgraph.ts'

/** For the MikroORM command line; the service itself opens its database in platform. */
export default ormOptions({ url: process.env['DATABASE_URL'] ?? 'postgresql://localhost/patients', entities: patients.entities, migrations: `${patients.folder}/migrations` })
