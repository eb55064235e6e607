/**
 * The local identity provider as a process: reads PORT, HOST, DATA_DIR, ISSUER and IDENTITY_SCIM_TOKEN, and prints one JSON line when it listens.
 * For development only: its accounts and secrets are public.
 */
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import { storedOnce } from '../json-file.ts'
import { Accounts } from './accounts.ts'
import { createPages } from './interactions.ts'
import { errorPage } from './pages.ts'
import { createProvider } from './provider.ts'
import type { Keys } from './provider.ts'
import { createScim } from './scim.ts'

const port = Number(process.env['PORT'] ?? 4010)
const host = process.env['HOST'] ?? '127.0.0.1'
const dataDir = process.env['DATA_DIR'] ?? join(process.cwd(), '.data', 'identity')
if (!Number.isInteger(port) || port < 1) throw new Error(`PORT must be a port number, not "${process.env['PORT']}"`)

/** As clients and the gateway see it; differs from where it listens inside a container. */
const issuer = process.env['ISSUER'] || `http://${host}:${port}`
const keys = await storedOnce<Keys>(join(dataDir, 'keys.json'), async () => {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(privateKey)
  return {
    signing: [{ ...jwk, kid: randomBytes(6).toString('hex'), use: 'sig', alg: 'ES256' }],
    cookies: [randomBytes(32).toString('base64url')],
  }
})
const accounts = new Accounts(dataDir)
const provider = createProvider(issuer, keys, accounts)
provider.on('server_error', (_ctx, error) => console.error(error))
const pages = createPages(provider, accounts)
const scim = createScim(accounts, process.env['IDENTITY_SCIM_TOKEN'])
const protocol = provider.callback()

const server = createServer(async (request, response) => {
  try {
    if (scim(request, response) || (await pages(request, response))) return
    await protocol(request, response)
  } catch (error) {
    console.error(error)
    if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/html; charset=utf-8' })
    response.end(errorPage('The identity provider failed; its log says why.'))
  }
})
server.listen(port, host, () => console.log(JSON.stringify({ ready: 'identity', url: issuer })))

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.close(() => process.exit(0))
    server.closeAllConnections()
  })
}
