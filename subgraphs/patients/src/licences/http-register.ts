import { AppError } from '@pharmagraph/platform'
import { licenceStatuses, type LicenceStatus } from '../entities/practitioner.ts'
import type { LicenceRegister } from './port.ts'

const timeoutMs = 5_000

/**
 * A register, or a service in front of many, that answers GET {url}/licences/{state}/{number} with { status, expiresOn }
 * or 404. Whatever else it answers, or nothing in five seconds, is no answer.
 */
export const httpRegister = (url: string, token?: string): LicenceRegister => ({
  async find({ number, state }) {
    const response = await fetch(`${url.replace(/\/$/, '')}/licences/${encodeURIComponent(state)}/${encodeURIComponent(number)}`, {
      headers: { accept: 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
      signal: AbortSignal.timeout(timeoutMs),
    }).catch(() => undefined)
    if (response?.status === 404) return undefined
    const entry = response?.ok ? ((await response.json().catch(() => undefined)) as { status?: string; expiresOn?: string } | undefined) : undefined
    if (!entry || !licenceStatuses.some((known) => known === entry.status) || !/^\d{4}-\d{2}-\d{2}$/.test(entry.expiresOn ?? '')) {
      throw new AppError('UNAVAILABLE', `the licence register gives no answer about ${number} of ${state}`)
    }
    return { number, state, status: entry.status as LicenceStatus, expiresOn: entry.expiresOn! }
  },
})
