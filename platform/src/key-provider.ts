/** Key-encryption keys: several at once while one follows another. */
import { createHash } from 'node:crypto'
import { ConfigError, keySetting, optionalSetting } from './config.ts'
import { AppError } from './errors.ts'
import type { JobWithServices } from './jobs.ts'
import { createVault, localKeyProvider, type KeyProvider, type Vault } from './vault.ts'

/** A key names itself by its fingerprint, so that no number has to be kept in step with it: 31 bits, never 0 or 1. */
export const versionOf = (kek: Buffer): number => (createHash('sha256').update('kek-version').update(kek).digest().readUInt32BE() >>> 1) | 2

/**
 * Wraps under `current`, unwraps under any of the keys. Rows of an unknown version, such as 1 from before versions were
 * kept, are tried with each: a wrong key does not open AES-GCM.
 */
export function rotatingKeyProvider(current: Buffer, others: readonly Buffer[]): KeyProvider {
  const providers = new Map([current, ...others].map((kek) => [versionOf(kek), localKeyProvider(kek)]))
  const version = versionOf(current)
  return {
    version,
    wrap: (key) => providers.get(version)!.wrap(key),
    async unwrap(wrapped, wrappedUnder) {
      const known = providers.get(wrappedUnder)
      for (const provider of known ? [known] : providers.values()) {
        const key = await provider.unwrap(wrapped, wrappedUnder).catch(() => undefined)
        if (key) return key
      }
      throw new AppError('INTERNAL', `a data key is wrapped under key version ${wrappedUnder}, which neither KEK nor KEK_PREVIOUS is`)
    },
  }
}

/** KEK wraps; KEK_PREVIOUS, other keys separated by commas, is still accepted. */
export const keyProviderFromSettings = (): KeyProvider => rotatingKeyProvider(keySetting('KEK'), (optionalSetting('KEK_PREVIOUS') ?? '').split(',').filter(Boolean).map(otherKey))

function otherKey(text: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length !== 32) throw new ConfigError('KEK_PREVIOUS', 'must be 32 bytes in base64, or several separated by commas')
  return key
}

/** The vault of a process, from KEK and KEK_PREVIOUS. */
export const vaultFromSettings = (): Vault => createVault(keyProviderFromSettings())

/** Brings data keys under the current key-encryption key, some at a time; what they seal is not touched. */
export const rewrapDataKeys: JobWithServices<{ vault: Vault }> = {
  name: 'rewrap-data-keys',
  everyMs: 5_000,
  run: (em, _actor, { services }) => services.vault.rewrap(em, 500),
}
