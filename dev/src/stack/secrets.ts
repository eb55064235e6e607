/** What the parts of a stack must share and keep: made on first start, stored in the data folder. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import type { JWK } from 'jose'
import { storedOnce } from '../json-file.ts'

export interface Secrets {
  /** Ed25519: the gateway signs who is acting, the subgraphs verify it. */
  actorPrivateJwk: JWK
  actorPublicJwk: JWK
  /** Base64 of 32 bytes: wraps the patients' data keys. */
  kek: string
  /** Base64 of 32 bytes: keys the hashes by which encrypted columns are looked up. */
  matchKey: string
  stripeWebhookSecret: string
  erxWebhookSecret: string
  carrierWebhookSecret: string
}

export function loadSecrets(dataDir: string): Promise<Secrets> {
  return storedOnce<Secrets>(join(dataDir, 'secrets.json'), async () => {
    const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
    const about = { kid: randomBytes(6).toString('hex'), alg: 'EdDSA', use: 'sig' }
    return {
      actorPrivateJwk: { ...(await exportJWK(privateKey)), ...about },
      actorPublicJwk: { ...(await exportJWK(publicKey)), ...about },
      kek: randomBytes(32).toString('base64'),
      matchKey: randomBytes(32).toString('base64'),
      stripeWebhookSecret: `whsec_${randomBytes(24).toString('hex')}`,
      erxWebhookSecret: randomBytes(24).toString('hex'),
      carrierWebhookSecret: randomBytes(24).toString('hex'),
    }
  })
}
