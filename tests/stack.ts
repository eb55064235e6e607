/** One whole stack for the files that leave it as others need it: `npm test` runs them in one process. */
import { after } from 'node:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startStack, type Stack } from '../dev/src/stack/stack.ts'
import { startCollector, type Collector } from './collector.ts'

export type SharedStack = { readonly stack: Stack; readonly dataDir: string; readonly collector: Collector }

let shared: Promise<SharedStack> | undefined
/** Its spans go to `collector`; it logs everything, and every operation as slow. */
export const sharedStack = (): Promise<SharedStack> => (shared ??= start())

async function start(): Promise<SharedStack> {
  const dataDir = await mkdtemp(join(tmpdir(), 'pharmagraph-e2e-'))
  const collector = await startCollector()
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '200', OTEL_BSP_MAX_QUEUE_SIZE: '65536', LOG_LEVEL: 'debug', SLOW_OPERATION_MS: '0' }
  const stack = await startStack({ dataDir, ports: 'free', seed: true, log: 'file', supervise: false, durable: false, env })
  after(async () => {
    await stack.stop()
    await collector.stop()
    await rm(dataDir, { recursive: true, force: true })
  })
  return { stack, dataDir, collector }
}
