/** What the parts of a stack must share and keep: made on first start, stored in the data folder. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import type { JWK } from 'jose'
import { readJsonFile, writeJsonFile } from '../json-file.ts'

export interface Secrets {
  /** Ed25519: the gateway signs who is acting, the subgraphs verify it. */
  actorPrivateJwk: JWK
  actorPublicJwk: JWK
  /** Base64 of 32 bytes: wraps the patients' data keys. */
  kek: string
  /** Base64 of 32 bytes: keys the hashes by which encrypted columns are looked up. */
  matchKey: string
  /** Base64 of 32 bytes: an Ed25519 seed, signs prescriptions as they come in. */
  signingKey: string
  /** Base64 of 32 bytes: signs the cursors of subscriptions, so that a client can resume after the gateway restarts. */
  cursorKey: string
  stripeWebhookSecret: string
  erxWebhookSecret: string
  carrierWebhookSecret: string
  /** The bearer token of the local identity provider's administration. */
  scimToken: string
}

export async function loadSecrets(dataDir: string): Promise<Secrets> {
  const file = join(dataDir, 'secrets.json')
  const stored = readJsonFile<Partial<Secrets>>(file)
  // What a newer version needs besides is added to what is stored.
  const secrets = { ...(await newSecrets()), ...stored }
  if (Object.keys(secrets).length > Object.keys(stored ?? {}).length) writeJsonFile(file, secrets)
  return secrets
}

async function newSecrets(): Promise<Secrets> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const about = { kid: randomBytes(6).toString('hex'), alg: 'EdDSA', use: 'sig' }
  return {
    actorPrivateJwk: { ...(await exportJWK(privateKey)), ...about },
    actorPublicJwk: { ...(await exportJWK(publicKey)), ...about },
    kek: randomBytes(32).toString('base64'),
    matchKey: randomBytes(32).toString('base64'),
    signingKey: randomBytes(32).toString('base64'),
    cursorKey: randomBytes(32).toString('base64'),
    stripeWebhookSecret: `whsec_${randomBytes(24).toString('hex')}`,
    erxWebhookSecret: randomBytes(24).toString('hex'),
    carrierWebhookSecret: randomBytes(24).toString('hex'),
    scimToken: randomBytes(24).toString('hex'),
  }
}
