/**
 * Encryption at rest of what identifies a person: AES-256-GCM under a data key per person, wrapped by a key-encryption
 * key. Destroying the data key is erasure. Look-ups go through keyed hashes.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { AppError } from './errors.ts'
import { clock } from './clock.ts'
import type { EntityManager } from './orm.ts'
import { DataKey } from './tables.ts'

/** Wraps and unwraps data keys: a local file's key by default, a KMS in production. */
export type KeyProvider = { version: number; wrap(key: Buffer): Promise<string>; unwrap(wrapped: string, version: number): Promise<Buffer> }

export const localKeyProvider = (kek: Buffer): KeyProvider => ({
  version: 1,
  wrap: async (key) => encrypt(kek, key, 'data-key'),
  unwrap: async (wrapped) => decrypt(kek, wrapped, 'data-key'),
})

export type Vault = {
  /** JSON of `value`, sealed for the person; the key is made on first use, in the caller's transaction. */
  seal(em: EntityManager, subjectId: string, value: unknown): Promise<string>
  /** Throws ERASED when the person's key was destroyed. */
  open<T>(em: EntityManager, subjectId: string, sealed: string): Promise<T>
  /** Loads the keys of many people in one statement, before many `open`s. */
  preload(em: EntityManager, subjectIds: readonly string[]): Promise<void>
  /** Wraps up to `limit` data keys of older key-encryption keys anew. */
  rewrap(em: EntityManager, limit: number): Promise<void>
}

export function createVault(provider: KeyProvider): Vault {
  const unwrapped = new Map<string, { wrapped: string; key: Buffer }>()
  const remember = async (row: DataKey): Promise<Buffer> => {
    if (!row.wrapped) throw new AppError('ERASED', 'this record was erased', {}, { http: 410 })
    const known = unwrapped.get(row.subjectId)
    if (known?.wrapped === row.wrapped) return known.key
    const key = await provider.unwrap(row.wrapped, row.kekVersion)
    if (unwrapped.size > 10_000) unwrapped.clear()
    unwrapped.set(row.subjectId, { wrapped: row.wrapped, key })
    return key
  }
  // the row is read each time: a key destroyed by another instance must not live on in this one's memory
  const keyOf = async (em: EntityManager, subjectId: string): Promise<Buffer | undefined> => {
    const row = await em.findOne(DataKey, { subjectId })
    return row ? remember(row) : undefined
  }
  return {
    async seal(em, subjectId, value) {
      let key = await keyOf(em, subjectId)
      if (!key) {
        // two first records about one person may meet: the second waits for the first and takes its key
        await em.execute('insert into data_key (subject_id, wrapped, kek_version, created_at) values (?, ?, ?, ?) on conflict do nothing', [
          subjectId, await provider.wrap(randomBytes(32)), provider.version, clock.now(),
        ])
        key = (await keyOf(em, subjectId))!
      }
      return encrypt(key, Buffer.from(JSON.stringify(value)), subjectId)
    },
    async open<T>(em: EntityManager, subjectId: string, sealed: string): Promise<T> {
      const key = await keyOf(em, subjectId)
      if (!key) throw new AppError('INTERNAL', 'sealed data without its key')
      return JSON.parse(decrypt(key, sealed, subjectId).toString()) as T
    },
    async preload(em, subjectIds) {
      await em.find(DataKey, { subjectId: { $in: [...new Set(subjectIds)] } })
    },
    async rewrap(em, limit) {
      const stale = await em.execute<{ subject_id: string; wrapped: string; kek_version: number }[]>(
        'select subject_id, wrapped, kek_version from data_key where wrapped is not null and kek_version <> ? order by subject_id limit ?', [provider.version, limit],
      )
      for (const { subject_id: id, wrapped, kek_version: version } of stale) {
        const again = await provider.wrap(await provider.unwrap(wrapped, version))
        // a key destroyed or wrapped anew in the meantime stays as it is
        await em.execute('update data_key set wrapped = ?, kek_version = ? where subject_id = ? and wrapped = ?', [again, provider.version, id, wrapped])
      }
    },
  }
}

/**
 * Destroys a person's data key, which is what erasure means: nothing sealed under it opens again, and nothing more can
 * be sealed for them. Harmless when repeated, and where there was no key.
 */
export const destroyKey = (em: EntityManager, subjectId: string): Promise<unknown> =>
  em.execute(
    `insert into data_key (subject_id, wrapped, kek_version, created_at, destroyed_at) values (?, null, 0, ?, ?)
     on conflict (subject_id) do update set wrapped = null, destroyed_at = coalesce(data_key.destroyed_at, excluded.destroyed_at)`,
    [subjectId, clock.now(), clock.now()],
  )

/** v1.<iv>.<tag>.<ciphertext>, base64url; `context` binds the text to whom it belongs. */
function encrypt(key: Buffer, plain: Buffer, context: string): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context))
  const text = Buffer.concat([cipher.update(plain), cipher.final()])
  return ['v1', ...[iv, cipher.getAuthTag(), text].map((part) => part.toString('base64url'))].join('.')
}

function decrypt(key: Buffer, sealed: string, context: string): Buffer {
  const [version, iv, tag, text] = sealed.split('.')
  if (version !== 'v1' || !iv || !tag || text === undefined) throw new AppError('INTERNAL', 'sealed data has an unknown form')
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url')).setAAD(Buffer.from(context))
  decipher.setAuthTag(Buffer.from(tag, 'base64url'))
  return Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()])
}

/** Keyed hash for equality look-ups of a normalised value; the same under one key, worthless without it. */
export const blindIndex = (key: Buffer, purpose: string, value: string): string =>
  createHmac('sha256', key).update(`${purpose}\u0000${value}`).digest('base64url')
