/** The subgraphs that run as processes, read from rover.yaml: the one list of subgraphs. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { StackError } from './errors.ts'

export interface Subgraph {
  name: string
  /** The default port, from its routing URL. */
  port: number
}

type RoverConfig = { subgraphs?: Record<string, { routing_url: string }> } | null

export function readSubgraphs(root: string): Subgraph[] {
  const file = join(root, 'rover.yaml')
  if (!existsSync(file)) return []
  const config = parse(readFileSync(file, 'utf8')) as RoverConfig
  return Object.entries(config?.subgraphs ?? {}).flatMap(([name, { routing_url }]) => {
    // `inprocess://live` is served inside the gateway.
    if (routing_url.startsWith('inprocess:')) return []
    const port = Number(URL.parse(routing_url)?.port)
    if (!port) throw new StackError('BAD_SETTING', `${file}: the routing_url of ${name} has no port: ${routing_url}`)
    return [{ name, port }]
  })
}
