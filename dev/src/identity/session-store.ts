/**
 * Where the issuer keeps sessions, grants, codes and refresh tokens: in memory, so a restart signs everybody out while
 * access tokens stay valid. oidc-provider's own memory adapter forgets the oldest of 1000 entries, too few for a load test.
 */
import type { Adapter, Payload } from 'oidc-provider'

/** What a revoked grant takes with it; an interaction, say, refers to a grant but outlives it. */
const ofGrant = new Set(['AuthorizationCode', 'RefreshToken', 'AccessToken'])

interface Entry {
  payload: Payload
  expiresAt: number
}

export function createSessionStore(): (model: string) => Adapter {
  const entries = new Map<string, Entry>()
  const byGrant = new Map<string, Set<string>>()
  const byUid = new Map<string, string>()

  function live(key: string | undefined): Payload | undefined {
    const entry = key === undefined ? undefined : entries.get(key)
    if (entry && key !== undefined && entry.expiresAt <= Date.now()) {
      remove(key)
      return undefined
    }
    return entry?.payload
  }

  function remove(key: string): void {
    const payload = entries.get(key)?.payload
    entries.delete(key)
    if (payload?.uid && byUid.get(payload.uid) === key) byUid.delete(payload.uid)
    if (payload?.grantId) byGrant.get(payload.grantId)?.delete(key)
  }

  setInterval(() => {
    for (const key of entries.keys()) live(key)
    for (const [grantId, keys] of byGrant) if (keys.size === 0) byGrant.delete(grantId)
  }, 60_000).unref()

  return (model) => {
    const keyOf = (id: string) => `${model}:${id}`
    return {
      async upsert(id, payload, expiresIn) {
        const key = keyOf(id)
        remove(key)
        entries.set(key, { payload, expiresAt: expiresIn === undefined ? Infinity : Date.now() + expiresIn * 1000 })
        if (payload.uid && model === 'Session') byUid.set(payload.uid, key)
        if (payload.grantId && ofGrant.has(model)) byGrant.set(payload.grantId, (byGrant.get(payload.grantId) ?? new Set()).add(key))
      },
      find: async (id) => live(keyOf(id)),
      findByUid: async (uid) => live(byUid.get(uid)),
      findByUserCode: async () => undefined, // the device flow is off
      async consume(id) {
        const payload = live(keyOf(id))
        if (payload) payload['consumed'] = Math.floor(Date.now() / 1000)
      },
      destroy: async (id) => remove(keyOf(id)),
      async revokeByGrantId(grantId) {
        for (const key of byGrant.get(grantId) ?? []) remove(key)
        byGrant.delete(grantId)
      },
    }
  }
}
