// Composes schema/subgraphs into schema/supergraph.graphql and schema/public.graphql.
// `--check` changes nothing and fails where the committed files differ.
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { composeServices } from '@apollo/composition'
import { Supergraph } from '@apollo/federation-internals'
import { parse as parseSdl, printSchema } from 'graphql'
import { subgraphs } from './rover.ts'

const root = resolve(import.meta.dirname, '..')
const result = composeServices(
  subgraphs.map(({ name, routingUrl, schemaFile }) => ({ name, url: routingUrl, typeDefs: parseSdl(readFileSync(schemaFile, 'utf8')) })),
)
for (const hint of result.hints ?? []) if (process.argv.includes('--hints')) console.error(`hint: ${hint}`)
if (result.errors) {
  for (const error of result.errors) console.error(`${error.extensions?.['code'] ?? 'ERROR'}: ${error.message}`)
  process.exit(1)
}
const supergraphSdl = result.supergraphSdl
const publicSdl = printSchema(Supergraph.buildForTests(supergraphSdl, false).apiSchema().toGraphQLJSSchema())

const outputs: [string, string][] = [
  ['schema/supergraph.graphql', `${supergraphSdl.trim()}\n`],
  ['schema/public.graphql', `${publicSdl.trim()}\n`],
]
let stale = false
for (const [file, text] of outputs) {
  const path = resolve(root, file)
  if (process.argv.includes('--check')) {
    const committed = readFileSync(path, { encoding: 'utf8', flag: 'a+' })
    if (committed !== text) {
      console.error(`${file} is not what the subgraph schemas compose to: run \`npm run compose\``)
      stale = true
    }
  } else {
    writeFileSync(path, text)
  }
}
if (stale) process.exit(1)
console.log(`${subgraphs.length} subgraphs compose`)
