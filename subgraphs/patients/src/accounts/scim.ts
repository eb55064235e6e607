import { AppError } from '@pharmagraph/platform'
import type { AccountDirectory } from './port.ts'

const timeoutMs = 5_000
type User = { id: string; externalId?: string; roles?: { value?: string }[] }

/**
 * Identity providers over SCIM 2.0 (RFC 7644), as Okta, Entra, Keycloak and others speak it: `url` is the base, such as
 * https://login.example.com/scim/v2. The patient id of a person's token is the `externalId` of their user.
 */
export const scimDirectory = (url: string, token: string): AccountDirectory => {
  const call = async (path: string, method = 'GET'): Promise<Response> => {
    const response = await fetch(`${url.replace(/\/$/, '')}${path}`, {
      method, headers: { accept: 'application/scim+json', authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(timeoutMs),
    }).catch(() => undefined)
    if (!response || !(response.ok || response.status === 404)) throw new AppError('UNAVAILABLE', `the identity provider did not answer ${method} Users${response ? ` (status ${response.status})` : ''}`)
    return response
  }
  return {
    async remove(patientId) {
      const found = await call(`/Users?filter=${encodeURIComponent(`externalId eq "${patientId}"`)}`)
      const { Resources: users = [] } = found.ok ? ((await found.json().catch(() => ({}))) as { Resources?: User[] }) : {}
      // a provider that does not filter would have us remove everybody
      for (const { id, roles = [] } of users.filter(({ externalId }) => externalId === patientId)) {
        if (roles.some(({ value }) => value !== 'patient')) throw new AppError('ACCOUNT_SHARED', `account ${id} has other roles than that of a patient: take that role off it by hand, then replay`)
        await (await call(`/Users/${encodeURIComponent(id)}`, 'DELETE')).body?.cancel()
      }
    },
  }
}
