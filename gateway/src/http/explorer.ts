/** GraphiQL for people with a browser, from installed packages: nothing is loaded from elsewhere. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { AppError } from '@pharmagraph/platform/errors.ts'
import { send, type Handler } from './exchange.ts'
import type { Route } from './router.ts'

const require = createRequire(import.meta.url)

/** A package's folder; what it exports to programs does not matter here. */
function folderOf(name: string): string {
  const base = require.resolve.paths(name)?.find((path) => existsSync(join(path, name, 'package.json')))
  if (!base) throw new AppError('NOT_FOUND', `the explorer is not installed: ${name} is missing`)
  return join(base, name)
}

const script = 'text/javascript; charset=utf-8'
const assets: readonly { pattern: RegExp; folder: () => string; type: string }[] = [
  { pattern: /^react\.production\.min\.js$/, folder: () => join(folderOf('react'), 'umd'), type: script },
  { pattern: /^react-dom\.production\.min\.js$/, folder: () => join(folderOf('react-dom'), 'umd'), type: script },
  { pattern: /^graphiql\.min\.js$/, folder: () => folderOf('graphiql'), type: script },
  { pattern: /^graphiql\.min\.css$/, folder: () => folderOf('graphiql'), type: 'text/css; charset=utf-8' },
  { pattern: /^(client|common-[\w-]+)\.js$/, folder: () => join(folderOf('graphql-ws'), 'dist'), type: script },
  { pattern: /^explorer\.(js|css)$/, folder: () => resolve(import.meta.dirname, 'explorer'), type: '' },
]

export const explorerPage: Handler = async ({ response }) => {
  send(response, 200, readFileSync(resolve(import.meta.dirname, 'explorer/index.html')), {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    // the editor styles itself and highlights in place; scripts come from here only
    'content-security-policy': "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws: wss:",
    'x-content-type-options': 'nosniff',
  })
}

export const explorerRoutes = (): Route[] => [
  {
    method: 'GET',
    path: '/explorer/:file',
    async handle({ params, response }) {
      const { file = '' } = params
      const asset = assets.find(({ pattern }) => pattern.test(file))
      if (!asset) throw new AppError('NOT_FOUND', 'there is no such address')
      const type = asset.type || (file.endsWith('.css') ? 'text/css; charset=utf-8' : script)
      send(response, 200, readFileSync(join(asset.folder(), file)), { 'content-type': type, 'cache-control': 'public, max-age=3600', 'x-content-type-options': 'nosniff' })
    },
  },
]
