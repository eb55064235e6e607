/**
 * The persisted operations: schema/operations/<client>/*.graphql, one operation a file, listed in manifest.json in
 * Apollo's persisted query manifest format. The id is the SHA-256 of the text as Apollo's tools normalise it.
 */
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Kind, parse, print } from 'graphql'

export type PersistedOperation = {
  readonly id: string
  readonly name: string
  readonly type: 'query' | 'mutation' | 'subscription'
  readonly body: string
  /** The folder it is in: web, mobile, staff or partner. */
  readonly clientName: string
}
export type Manifest = { readonly format: 'apollo-persisted-query-manifest'; readonly version: 1; readonly operations: readonly PersistedOperation[] }

/** Reads the operation files. Throws naming the file that is not one named operation. */
export function readOperationFiles(folder: string): Manifest {
  const operations = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: client }) => readdirSync(join(folder, client)).filter((file) => file.endsWith('.graphql')).sort().map((file) => readOperation(folder, client, file)))
  const seen = new Map<string, PersistedOperation>()
  for (const operation of operations) {
    const key = `${operation.clientName} ${operation.name}`
    if (seen.has(key)) throw new Error(`${operation.clientName} has two operations named ${operation.name}`)
    seen.set(key, operation)
  }
  return { format: 'apollo-persisted-query-manifest', version: 1, operations }
}

function readOperation(folder: string, client: string, file: string): PersistedOperation {
  const document = parse(readFileSync(join(folder, client, file), 'utf8'), { noLocation: true })
  const [operation, second] = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION)
  if (!operation?.name || second) throw new Error(`${client}/${file} must hold one operation with a name`)
  const body = print(document)
  return { id: createHash('sha256').update(body).digest('hex'), name: operation.name.value, type: operation.operation, body, clientName: client }
}

export const manifestFile = 'manifest.json'

/** Reads the committed manifest, and refuses one whose ids are not the hashes of its texts. */
export function readManifest(folder: string): Manifest {
  const manifest = JSON.parse(readFileSync(join(folder, manifestFile), 'utf8')) as Manifest
  for (const { id, name, body } of manifest.operations) {
    if (createHash('sha256').update(body).digest('hex') !== id) throw new Error(`${basename(manifestFile)}: the id of ${name} is not the SHA-256 of its text`)
  }
  return manifest
}
