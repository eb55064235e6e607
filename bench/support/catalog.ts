/** The catalog as a process under measurement: a scratch database with the demo formulary, and a caller it knows. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import { runSubgraph, signActor, type Actor, type Orm } from '@pharmagraph/platform'
import { catalog } from '../../subgraphs/catalog/src/subgraph.ts'
import { scratchDatabase, scratchServer } from '../../tests/environment.ts'

export type CatalogUnderMeasure = { url: string; orm: Orm; headers: Record<string, string>; /** For files made up. */ folder: string; stop(): Promise<void> }

export async function measuredCatalog(name: string): Promise<CatalogUnderMeasure> {
  const server = await scratchServer()
  const database = await scratchDatabase(server, `bench_${name}`)
  const folder = mkdtempSync(join(tmpdir(), `bench-${name}-`))
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  process.env['LOG_LEVEL'] ??= 'fatal'
  const { url, orm, stop } = await runSubgraph(catalog, { port: 0, host: '127.0.0.1', databaseUrl: database.url, natsUrl: '', seed: true, background: false, actorPublicJwk: JSON.stringify(await exportJWK(publicKey)) })
  const actor: Actor = { subject: 'bench', roles: ['patient'], scopes: [], amr: [] }
  const headers = { 'content-type': 'application/json', 'x-actor': await signActor(actor, await exportJWK(privateKey), Math.floor(Date.now() / 1000) + 3_600) }
  return {
    url, orm, headers, folder,
    async stop() {
      await stop()
      await database.drop()
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
