import { createHash } from 'node:crypto'
import { AppError, ConfigError, keySetting, localKeyProvider, optionalSetting, type KeyProvider } from '@pharmagraph/platform'

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
