/** The sandboxes of the outside world, in one process: payments, e-prescribing, carrier, mail and SMS. */
import { join } from 'node:path'
import { startCarrierSandbox } from './carrier/server.ts'
import { startErxSandbox } from './erx/server.ts'
import { startMailSandbox } from './mail/server.ts'
import type { SandboxOptions } from './shared/sandbox.ts'
import { startStripeSandbox } from './stripe/server.ts'

const env = process.env
const common = { host: env['HOST'] || '127.0.0.1', dataDir: env['DATA_DIR'] || join(process.cwd(), '.data', 'sandboxes') }

const [stripe, erx, carrier, mail] = await Promise.all([
  startStripeSandbox({ ...common, port: port('PORT_STRIPE'), ...webhooks('STRIPE_WEBHOOK_SECRET') }),
  startErxSandbox({ ...common, port: port('PORT_ERX'), ...webhooks('ERX_WEBHOOK_SECRET'), partner: partner() }),
  startCarrierSandbox({ ...common, port: port('PORT_CARRIER'), ...webhooks('CARRIER_WEBHOOK_SECRET') }),
  startMailSandbox({ ...common, port: port('PORT_MAIL') }),
])

process.stdout.write(`${JSON.stringify({ ready: 'sandboxes', stripe: stripe.url, erx: erx.url, carrier: carrier.url, mail: mail.url })}\n`)

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, async () => {
    await Promise.all([stripe, erx, carrier, mail].map((sandbox) => sandbox.close()))
    process.exit(0)
  })
}

function port(name: string): number {
  const value = Number(env[name] || 0)
  if (Number.isInteger(value) && value >= 0 && value < 65_536) return value
  process.stderr.write(`sandboxes: ${name} must be a port number, not ${env[name]}\n`)
  process.exit(2)
}

/** Where webhooks go and what signs them. Without a secret none are sent: the pharmacy then talks to the real service. */
function webhooks(secret: string): Pick<SandboxOptions, 'publicUrl'> & { webhookSecret: string } {
  const webhookSecret = env[secret] ?? ''
  return { webhookSecret, publicUrl: webhookSecret && env['PUBLIC_URL'] ? env['PUBLIC_URL'].replace(/\/$/, '') : undefined }
}

function partner(): Parameters<typeof startErxSandbox>[0]['partner'] {
  const { OIDC_ISSUER: issuer, PARTNER_CLIENT_ID: clientId, PARTNER_CLIENT_SECRET: clientSecret } = env
  return issuer && clientId && clientSecret ? { issuer, clientId, clientSecret, scope: env['PARTNER_SCOPE'] || 'partner' } : undefined
}
