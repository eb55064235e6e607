/** Structured logs and Prometheus metrics. Logs carry ids and codes; request bodies and variables never reach them. */
import { pino, type Logger } from 'pino'
import { Registry, collectDefaultMetrics } from 'prom-client'
import { requestContext } from './request-context.ts'

export type { Logger }

export function createLogger(service: string): Logger {
  return pino(
    {
      name: service,
      level: process.env['LOG_LEVEL'] ?? 'info',
      base: { service },
      mixin: () => ({ correlationId: requestContext().correlationId }),
      redact: { paths: ['*.authorization', '*.cookie', '*.password', '*.token'], censor: '[redacted]' },
    },
    // standard output belongs to the one ready line that a supervisor waits for
    pino.destination({ fd: 2, sync: false }),
  )
}

export function createMetrics(service: string): Registry {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  collectDefaultMetrics({ register: registry })
  return registry
}
