// `npm run migration -- <subgraph> <name>`: writes the migration that brings the committed migrations to the entities,
// found by applying them to a scratch database. `-- --check` fails where a subgraph's entities and migrations differ.
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { MikroORM } from '@mikro-orm/postgresql'
import pg from 'pg'
import { ormOptions, outboxNotifySql, type EntityList } from '@pharmagraph/platform'
import { scratchServer } from '../tests/environment.ts'
import { subgraphs } from './rover.ts'

const [target, migrationName] = process.argv.slice(2)
const names = subgraphs.filter(({ inProcess }) => !inProcess).map(({ name }) => name)
if (target !== '--check' && !names.includes(target ?? '')) {
  console.error(`usage: npm run migration -- <${names.join('|')}> <name>   or   npm run migration -- --check`)
  process.exit(2)
}

/** Functions and their triggers are written by hand in migrations; the way back that is generated for them is broken. */
function leaveFunctions(file: string): void {
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replaceAll(/^ *this\.addSql\(`(?:drop function|create (?:or replace )?function|create trigger)[^`]*`\);\n/gm, ''))
}

const server = await scratchServer()
let wrong = false
try {
  for (const name of target === '--check' ? names : [target!]) {
    const module = (await import(`../subgraphs/${name}/src/subgraph.ts`)) as Record<string, { folder: string; entities: EntityList }>
    const { folder, entities } = Object.values(module)[0]!
    const database = `migration_${name}_${randomBytes(4).toString('hex')}`
    const admin = new pg.Client({ connectionString: server.adminUrl })
    await admin.connect()
    await admin.query(`create database ${database}`)
    const url = Object.assign(new URL(server.adminUrl), { pathname: `/${database}` }).toString()
    const orm = await MikroORM.init(ormOptions({ url, entities, migrations: resolve(folder, 'migrations') }))
    await orm.migrator.up()
    if (target === '--check') {
      const diff = await orm.schema.getUpdateSchemaSQL({ wrap: false })
      if (diff.trim()) {
        wrong = true
        console.error(`${name}: entities and migrations differ; run \`npm run migration -- ${name} <what-changed>\`\n${diff}`)
      }
    } else {
      const first = (await orm.migrator.getExecuted()).length === 0
      const { fileName } = await orm.migrator.create(undefined, false, first, migrationName)
      if (fileName) leaveFunctions(resolve(folder, 'migrations', fileName))
      console.log(fileName ? `${name}: wrote migrations/${fileName}` : `${name}: nothing to change`)
      if (first) console.log(`add to its up(): ${JSON.stringify(outboxNotifySql)}`)
    }
    await orm.close(true)
    await admin.query(`drop database ${database} with (force)`)
    await admin.end()
  }
} finally {
  await server.stop()
}
process.exit(wrong ? 1 : 0)
