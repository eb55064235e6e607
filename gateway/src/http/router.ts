/** Method and path to handler; `:name` matches one segment, a final `*` the rest. */
import { AppError } from '@pharmagraph/platform/errors.ts'
import type { Handler } from './exchange.ts'

export type Route = { readonly method: string; readonly path: string; readonly handle: Handler }
export type Found = { readonly route: Route; readonly params: Record<string, string> }

export function createRouter(routes: readonly Route[]): (method: string, path: string) => Found {
  const exact = new Map<string, Route>()
  const patterns: { route: Route; pattern: RegExp }[] = []
  for (const route of routes) {
    if (!/[:*]/.test(route.path)) exact.set(`${route.method} ${route.path}`, route)
    const source = route.path.replaceAll('.', '\\.').replace(/:(\w+)/g, '(?<$1>[^/]+)').replace(/\*$/, '.*')
    patterns.push({ route, pattern: new RegExp(`^${source}$`) })
  }
  return (method, path) => {
    const direct = exact.get(`${method} ${path}`)
    if (direct) return { route: direct, params: {} }
    const matching = patterns.flatMap(({ route, pattern }) => {
      const match = pattern.exec(path)
      return match ? [{ route, params: Object.fromEntries(Object.entries(match.groups ?? {}).map(([name, value]) => [name, decode(value)])) }] : []
    })
    const found = matching.find(({ route }) => route.method === method)
    if (found) return found
    if (matching.length > 0) {
      const allowed = [...new Set(matching.map(({ route }) => route.method))].join(', ')
      throw new AppError('INVALID_INPUT', `${method} is not possible here, only ${allowed}`, {}, { http: 405 })
    }
    throw new AppError('NOT_FOUND', 'there is no such address')
  }
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    throw new AppError('INVALID_INPUT', 'the address is not well-formed')
  }
}
