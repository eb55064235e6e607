import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Actor } from '@pharmagraph/platform/actor.ts'
import { Operations } from '../src/operations/operations.ts'
import { buildGraph } from '../src/supergraph/graph.ts'
import { compose } from './support/supergraphs.ts'

const { sdl } = compose({
  files: `
    type Query { file: File secret: String @requiresScopes(scopes: [["vault"]]) }
    type Mutation { first: Int second: Int @requiresScopes(scopes: [["write"]]) third: Int }
    type File @key(fields: "id") { id: ID! name: String @authenticated notes: String @requiresScopes(scopes: [["read", "notes"], ["admin"]]) }`,
  owners: `
    type Mutation { fourth: Int }
    type File @key(fields: "id") { id: ID! owner: String @requiresScopes(scopes: [["owners"]]) }`,
})
const operations = new Operations(buildGraph(sdl))
const actorWith = (...scopes: string[]): Actor => ({ subject: 'somebody', roles: [], scopes, amr: [] })

async function ask(text: string, actor: Actor): Promise<{ data: unknown; denied: unknown[]; asked: string[] }> {
  const asked: string[] = []
  const send = async (service: string, body: string) => {
    asked.push(`${service} ${(JSON.parse(body) as { query: string }).query}`)
    if (service === 'owners') return { data: body.includes('fourth') ? { fourth: 4 } : { _entities: [{ owner: 'Ada' }] } }
    return { data: { first: 1, second: 2, third: 3, secret: 's', file: { __typename: 'File', id: '1', name: 'n', notes: 'x' } } }
  }
  const { data, errors = [] } = await operations.fromText(text).execute({ actor, send }, {})
  return { data, denied: errors.map(({ path, extensions }) => [path?.join('.'), extensions['code']]), asked }
}

const file = '{ file { name notes owner } }'

test('a field with @requiresScopes is null without its scopes, and no service is asked for it', async () => {
  const { data, denied, asked } = await ask(file, actorWith('read'))
  assert.deepEqual(data, { file: { name: 'n', notes: null, owner: null } })
  assert.deepEqual(denied, [['file.notes', 'FORBIDDEN'], ['file.owner', 'FORBIDDEN']])
  assert.ok(asked.every((request) => !request.includes('notes') && !request.startsWith('owners')), asked.join())
})

test('all scopes of one group are enough, those of several halves are not', async () => {
  assert.deepEqual((await ask(file, actorWith('read', 'notes', 'owners'))).data, { file: { name: 'n', notes: 'x', owner: 'Ada' } })
  assert.deepEqual((await ask(file, actorWith('admin', 'owners'))).data, { file: { name: 'n', notes: 'x', owner: 'Ada' } })
  assert.deepEqual((await ask(file, actorWith('notes', 'owners'))).denied, [['file.notes', 'FORBIDDEN']])
})

test('an operation of which the scopes leave nothing is refused whole', async () => {
  const { data, denied, asked } = await ask('{ secret }', actorWith('read'))
  assert.deepEqual([data, denied, asked], [undefined, [['secret', 'FORBIDDEN']], []])
  const anonymous: Actor = { subject: 'anonymous', roles: [], scopes: ['vault'], amr: [] }
  assert.deepEqual((await ask('{ secret }', anonymous)).denied, [['secret', 'UNAUTHENTICATED']])
})

test('mutations of several services run one after another in the order they are written', async () => {
  const { data, asked } = await ask('mutation { third fourth first }', actorWith())
  assert.deepEqual(data, { third: 3, fourth: 4, first: 1 })
  assert.deepEqual(asked.map((request) => request.replace(/ .*\{(.*)\}$/, ' $1')), ['files third', 'owners fourth', 'files first'])
})
