// Writes schema/operations/manifest.json from schema/operations/<client>/*.graphql.
// `--check` changes nothing: it validates every operation, those of the committed manifest included, against
// schema/public.graphql, names each one that breaks, and fails where the committed manifest is not up to date.
// `matrix` prints which role may run which operation and see which field. `check` and `--check` are the same.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { buildSchema, parse, validate } from 'graphql'
import { accessMatrix, printMatrix } from '../gateway/src/operations/matrix.ts'
import { buildGraph } from '../gateway/src/supergraph/graph.ts'
import { manifestFile, readManifest, readOperationFiles, type PersistedOperation } from '../gateway/src/operations/manifest.ts'

const root = resolve(import.meta.dirname, '..')
const folder = resolve(process.argv.find((argument) => argument.startsWith('--folder='))?.slice('--folder='.length) ?? join(root, 'schema/operations'))
const check = process.argv.includes('--check') || process.argv[2] === 'check'
if (process.argv[2] === 'matrix') {
  console.log(printMatrix(accessMatrix(buildGraph(readFileSync(join(root, 'schema/supergraph.graphql'), 'utf8')), readManifest(folder))))
  process.exit(0)
}
const schema = buildSchema(readFileSync(join(root, 'schema/public.graphql'), 'utf8'))

const manifest = readOperationFiles(folder)
const text = `${JSON.stringify(manifest, null, 2)}\n`
let failed = false

const report = (which: string, { clientName, name, body }: PersistedOperation): void => {
  for (const { message } of validate(schema, parse(body))) {
    console.error(`${which} ${clientName}/${name}: ${message}`)
    failed = true
  }
}
for (const operation of manifest.operations) report('operation', operation)

if (check) {
  const committed = readManifest(folder)
  const current = new Set(manifest.operations.map(({ clientName, id }) => `${clientName} ${id}`))
  // clients in the field still send what was committed: it must go on working even where the file was changed
  for (const operation of committed.operations) if (!current.has(`${operation.clientName} ${operation.id}`)) report('committed operation', operation)
  if (readFileSync(join(folder, manifestFile), 'utf8') !== text) {
    console.error(`${manifestFile} is not what the operation files make: run \`npm run operations\``)
    failed = true
  }
} else if (!failed) {
  writeFileSync(join(folder, manifestFile), text)
}
if (failed) process.exit(1)
console.log(`${manifest.operations.length} operations fit the graph`)
