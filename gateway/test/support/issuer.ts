/** A small OpenID issuer: discovery, keys, and tokens of any claims. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT, exportJWK, generateKeyPair } from 'jose'

export type Claims = Record<string, unknown> & { sub?: string; roles?: string[]; client_id?: string }
export type Issuer = {
  readonly url: string
  /** A signed access token; `expiresIn` in seconds, negative for one that has expired; issued ten minutes ago, or `issuedIn` seconds from now. */
  token(claims?: Claims, options?: { expiresIn?: number; audience?: string; issuedIn?: number }): Promise<string>
  stop(): Promise<void>
}

export async function startIssuer(): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'test', alg: 'ES256', use: 'sig' }
  const server = createServer((request, response) => {
    const body = request.url === '/jwks' ? { keys: [jwk] } : { issuer: url, jwks_uri: `${url}/jwks` }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    async token({ sub = 'person', ...claims } = {}, { expiresIn = 300, audience = 'pharmagraph', issuedIn = -600 } = {}) {
      const now = Math.floor(Date.now() / 1000)
      return new SignJWT({ client_id: 'web', scope: 'openid', ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'test' })
        .setIssuer(url).setAudience(audience).setSubject(sub).setIssuedAt(now + issuedIn).setExpirationTime(now + expiresIn)
        .sign(privateKey)
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
