/** The list of subgraphs, read from rover.yaml: name, default routing URL and absolute path of the SDL file. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse } from 'yaml'

const root = resolve(import.meta.dirname, '..')
type RoverConfig = { subgraphs: Record<string, { routing_url: string; schema: { file: string } }> }
const config = parse(readFileSync(resolve(root, 'rover.yaml'), 'utf8')) as RoverConfig

export const subgraphs = Object.entries(config.subgraphs).map(([name, { routing_url, schema }]) => ({
  name,
  routingUrl: routing_url,
  schemaFile: resolve(root, schema.file),
  /** `live` is served inside the gateway; every other subgraph is a process of its own. */
  inProcess: routing_url.startsWith('inprocess:'),
}))
