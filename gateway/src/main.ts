/** Starts the gateway from the environment; prints one ready line on standard output. */
import { resolve } from 'node:path'
import type { JWK } from 'jose'
import { ConfigError, integerSetting, optionalSetting, setting } from '@pharmagraph/platform/config.ts'
import { startGateway } from './gateway.ts'
import { usualPlanning } from './supergraph/planning.ts'

const root = resolve(import.meta.dirname, '../..')

function signingKey(): JWK {
  try {
    const key = JSON.parse(setting('ACTOR_PRIVATE_JWK')) as JWK
    if (key.kty === 'OKP' && key.crv === 'Ed25519' && key.d) return key
  } catch (error) {
    if (error instanceof ConfigError) throw error
  }
  throw new ConfigError('ACTOR_PRIVATE_JWK', 'is not an Ed25519 private key in JWK form')
}

function unauthorized(): 'null' | 'reject' {
  const mode = setting('UNAUTHORIZED', 'null')
  if (mode === 'null' || mode === 'reject') return mode
  throw new ConfigError('UNAUTHORIZED', `"${mode}" is neither null nor reject`)
}

const gateway = await startGateway({
  port: integerSetting('PORT', 4000),
  host: setting('HOST', '127.0.0.1'),
  issuer: setting('OIDC_ISSUER'),
  audience: setting('OIDC_AUDIENCE', 'pharmagraph'),
  natsUrl: setting('NATS_URL'),
  actorPrivateJwk: signingKey(),
  supergraphFile: resolve(root, setting('SUPERGRAPH_FILE', 'schema/supergraph.graphql')),
  operationsFolder: resolve(root, 'schema/operations'),
  addressOf: (service) => optionalSetting(`${service.toUpperCase().replaceAll('-', '_')}_URL`),
  cursorKey: optionalSetting('CURSOR_KEY'),
  introspection: setting('INTROSPECTION', process.env['NODE_ENV'] === 'production' ? 'off' : 'on') === 'on',
  overrideLabels: (optionalSetting('OVERRIDE_LABELS') ?? '').split(',').filter(Boolean),
  pipelining: integerSetting('SUBGRAPH_PIPELINING', 8),
  shareReads: setting('SHARE_READS', 'off') === 'on',
  rates: { perPerson: integerSetting('RATE_PER_PERSON', 12_000), perClient: integerSetting('RATE_PER_CLIENT', 600_000), perAddress: integerSetting('RATE_PER_ADDRESS', 12_000) },
  unauthorized: unauthorized(),
  planning: { deadlineMs: integerSetting('PLANNING_TIMEOUT_MS', usualPlanning.deadlineMs), threads: integerSetting('PLANNING_THREADS', usualPlanning.threads) },
  slowOperationMs: integerSetting('SLOW_OPERATION_MS', 1_000),
  corsOrigins: (optionalSetting('CORS_ORIGINS') ?? '').split(',').filter(Boolean),
})
console.log(JSON.stringify({ ready: 'gateway', url: gateway.url }))

let stopping = false
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (stopping) return
    stopping = true
    void gateway.stop().then(() => process.exit(0))
  })
}
