/** The web client (clients/web), served as it lies there: plain modules, nothing built, nothing loaded from elsewhere. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { AppError } from '@pharmagraph/platform/errors.ts'
import type { Manifest } from '../operations/manifest.ts'
import { send, sendJson, type Handler } from './exchange.ts'
import type { Route } from './router.ts'

const folder = resolve(import.meta.dirname, '../../../clients/web')
const require = createRequire(import.meta.url)
const types = { html: 'text/html', css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' } as const
/** Of the folder, what a browser needs and nothing else. */
const assets = /^\/app\/((?:src\/(?:[\w-]+\/)?)?[\w-]+\.(css|js|svg))$/
const packageFile = /^\/app\/packages\/graphql-ws\/((?:client|common-[\w-]+)\.js)$/

/** The scope each of the client's two applications asks the issuer for. */
const scopes = { web: 'patient', staff: 'staff' }

export function webAppRoutes(issuer: string, { operations }: Manifest): Route[] {
  const operationsOf = (client: string) => Object.fromEntries(operations.filter(({ clientName }) => clientName === client).map(({ name, id }) => [name, id]))
  const config = { issuer, clients: Object.fromEntries(Object.entries(scopes).map(([client, scope]) => [client, { scope, operations: operationsOf(client) }])) }
  const policy = `default-src 'self'; connect-src 'self' ws: wss: ${new URL(issuer).origin}; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'`

  const page: Handler = async ({ response }) =>
    send(response, 200, readFileSync(join(folder, 'index.html')), { ...headers('html'), 'content-security-policy': policy, 'referrer-policy': 'no-referrer' })
  const file: Handler = async ({ url, response }) => {
    const [, asset, kind] = assets.exec(url.pathname) ?? []
    const [, module] = packageFile.exec(url.pathname) ?? []
    const path = asset ? join(folder, asset) : module && join(graphqlWs(), module)
    if (!path || !existsSync(path)) throw new AppError('NOT_FOUND', 'there is no such address')
    send(response, 200, readFileSync(path), headers((kind ?? 'js') as keyof typeof types))
  }
  return [
    { method: 'GET', path: '/app', handle: async ({ response }) => send(response, 308, '', { location: '/app/' }) },
    { method: 'GET', path: '/app/', handle: page },
    { method: 'GET', path: '/app/config.json', handle: async ({ response }) => sendJson(response, 200, config) },
    { method: 'GET', path: '/app/*', handle: file },
  ]
}

const headers = (kind: keyof typeof types): Record<string, string> => ({ 'content-type': `${types[kind]}; charset=utf-8`, 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' })

function graphqlWs(): string {
  const base = require.resolve.paths('graphql-ws')?.find((path) => existsSync(join(path, 'graphql-ws', 'package.json')))
  if (!base) throw new AppError('NOT_FOUND', 'the web client is not installed: graphql-ws is missing')
  return join(base, 'graphql-ws', 'dist')
}
