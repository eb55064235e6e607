/** Ed25519 over canonical JSON (RFC 8785): what shows that a record is the one this pharmacy received (21 CFR 1311.205, 1311.215). */
import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { canonicalJson, ConfigError, keySetting, optionalSetting } from '@pharmagraph/platform'

export type Signature = { keyId: string; value: string }
export type PublicJwk = { kty: 'OKP'; crv: 'Ed25519'; x: string; kid: string; use: 'sig'; alg: 'EdDSA' }
export type Signer = {
  /** Names the key that signs now: fingerprint of its public half. */
  keyId: string
  sign(content: unknown): Signature
  /** False for an unknown key as well as for altered content. */
  verifies(content: unknown, signature: { keyId: string | null | undefined; value: string | null | undefined }): boolean
  /** The public halves of all keys that verify, raw, base64. */
  publicKeys(): { keyId: string; publicKey: string }[]
  /** The same as a JWK set (RFC 7517; RFC 8037 for the curve), the key that signs now first. */
  jwks(): { keys: PublicJwk[] }
}

// RFC 8410: what stands before the 32 bytes of a key in its DER forms
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex')

const publicKeyOf = (raw: Buffer): KeyObject => createPublicKey({ key: Buffer.concat([publicPrefix, raw]), format: 'der', type: 'spki' })
const rawOf = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length)
export const keyIdOf = (rawPublicKey: Buffer): string => createHash('sha256').update(rawPublicKey).digest('hex').slice(0, 16)

/** `seed`: the 32 bytes of the private key. `previous`: public halves, 32 bytes each, of keys that signed before. */
export function ed25519Signer(seed: Buffer, previous: readonly Buffer[] = []): Signer {
  const privateKey = createPrivateKey({ key: Buffer.concat([privatePrefix, seed]), format: 'der', type: 'pkcs8' })
  const own = rawOf(createPublicKey(privateKey))
  const keys = new Map([own, ...previous].map((raw) => [keyIdOf(raw), { raw, key: publicKeyOf(raw) }]))
  const keyId = keyIdOf(own)
  const bytes = (content: unknown): Buffer => Buffer.from(canonicalJson(content))
  return {
    keyId,
    sign: (content) => ({ keyId, value: sign(null, bytes(content), privateKey).toString('base64url') }),
    verifies: (content, { keyId: named, value }) => {
      const known = named ? keys.get(named) : undefined
      return !!known && !!value && verify(null, bytes(content), known.key, Buffer.from(value, 'base64url'))
    },
    jwks: () => ({ keys: [...keys].map(([kid, { raw }]) => ({ kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url'), kid, use: 'sig', alg: 'EdDSA' })) }),
    publicKeys: () => [...keys].map(([id, { raw }]) => ({ keyId: id, publicKey: raw.toString('base64') })),
  }
}

/** SIGNING_KEY signs; SIGNING_KEYS_PREVIOUS, public halves separated by commas, still verify what they signed. */
export const signerFromSettings = (): Signer =>
  ed25519Signer(keySetting('SIGNING_KEY'), (optionalSetting('SIGNING_KEYS_PREVIOUS') ?? '').split(',').filter(Boolean).map((text) => {
    const raw = Buffer.from(text.trim(), 'base64')
    if (raw.length !== 32) throw new ConfigError('SIGNING_KEYS_PREVIOUS', 'must be public keys of 32 bytes in base64, separated by commas')
    return raw
  }))
