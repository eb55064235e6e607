/** The administration of accounts, as far as erasure needs it: SCIM 2.0 (RFC 7644), `GET /scim/v2/Users?filter=` and `DELETE /scim/v2/Users/:id`. */
import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Account, Accounts } from './accounts.ts'

const base = '/scim/v2/Users'

/** Answers what is asked under /scim; returns false for everything else. Without a token there is no administration. */
export function createScim(accounts: Accounts, token: string | undefined) {
  return function handle(request: IncomingMessage, response: ServerResponse): boolean {
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (!url.pathname.startsWith(base)) return false
    const send = (status: number, body?: object): true => {
      response.writeHead(status, { 'content-type': 'application/scim+json', 'cache-control': 'no-store' }).end(body && JSON.stringify(body))
      return true
    }
    const problem = (status: number, detail: string): true => send(status, { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: String(status), detail })
    if (!token || !isToken(token, request.headers.authorization)) return problem(401, 'a bearer token of the administration is needed')
    const id = decodeURIComponent(url.pathname.slice(base.length + 1))
    if (request.method === 'GET' && id === '') {
      const patientId = /^externalId eq "([^"]*)"$/.exec(url.searchParams.get('filter') ?? '')?.[1]
      if (patientId === undefined) return problem(400, 'filter by externalId eq "…"')
      const users = accounts.ofPatient(patientId).map(userOf)
      return send(200, { schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'], totalResults: users.length, Resources: users })
    }
    if (request.method === 'DELETE' && id !== '') return accounts.remove(id) ? send(204) : problem(404, 'there is no such user')
    return problem(405, 'users are looked up and removed here, nothing else')
  }
}

const userOf = ({ id, email, patientId, roles }: Account) =>
  ({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], id, externalId: patientId, userName: email, roles: roles.map((value) => ({ value })) })

function isToken(token: string, authorization: string | undefined): boolean {
  const [given, expected] = [Buffer.from(authorization ?? ''), Buffer.from(`Bearer ${token}`)]
  return given.length === expected.length && timingSafeEqual(given, expected)
}
