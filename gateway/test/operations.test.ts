import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { readManifest } from '../src/operations/manifest.ts'

let folder: string
const run = (...args: string[]) => spawnSync(process.execPath, [resolve(import.meta.dirname, '../../scripts/operations.ts'), ...args], { encoding: 'utf8' })
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'operations-'))
})
after(() => rmSync(folder, { recursive: true }))
beforeEach(() => {
  rmSync(folder, { recursive: true })
  mkdirSync(join(folder, 'web'), { recursive: true })
  writeFileSync(join(folder, 'web/Drug.graphql'), 'query Drug($id: ID!) { drug(id: $id) { ...D } } fragment D on Drug { name }')
  assert.equal(run(`--folder=${folder}`).status, 0)
})

test('the committed operations fit the graph and are the ones in the files', () => {
  const { status, stderr } = run('--check')
  assert.deepEqual([status, stderr], [0, ''])
})

test('the manifest is in the format of Apollo, with the hash of each text as its id', () => {
  const manifest = readManifest(folder)
  assert.deepEqual([manifest.format, manifest.version], ['apollo-persisted-query-manifest', 1])
  const [{ id, name, type, clientName, body } = { id: '' }] = manifest.operations
  assert.deepEqual([name, type, clientName], ['Drug', 'query', 'web'])
  assert.match(id, /^[0-9a-f]{64}$/)
  assert.match(body!, /fragment D on Drug/)
  writeFileSync(join(folder, 'manifest.json'), readFileSync(join(folder, 'manifest.json'), 'utf8').replace('drug(id: $id)', 'drug(id: $id )'))
  assert.throws(() => readManifest(folder), /the id of Drug is not the SHA-256/)
})

test('an operation that does not fit the graph is named', () => {
  writeFileSync(join(folder, 'web/Broken.graphql'), 'query Broken { drug(id: "1") { colour } }')
  const { status, stderr } = run('--check', `--folder=${folder}`)
  assert.equal(status, 1)
  assert.match(stderr, /operation web\/Broken: Cannot query field "colour"/)
})

test('a committed operation that clients still send is checked, too, when its file has changed', () => {
  const file = join(folder, 'manifest.json')
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { operations: { body: string; id: string }[] }
  manifest.operations[0]!.body = 'query Drug { drug(id: "1") { colour } }'
  manifest.operations[0]!.id = createHash('sha256').update(manifest.operations[0]!.body).digest('hex')
  writeFileSync(file, JSON.stringify(manifest))
  const { status, stderr } = run('--check', `--folder=${folder}`)
  assert.equal(status, 1)
  assert.match(stderr, /committed operation web\/Drug: Cannot query field "colour"/)
  assert.match(stderr, /run `npm run operations`/)
})

test('a file that is not one named operation is refused by its name', () => {
  writeFileSync(join(folder, 'web/Nameless.graphql'), '{ drug(id: "1") { name } }')
  const { status, stderr } = run(`--folder=${folder}`)
  assert.equal(status, 1)
  assert.match(stderr, /web\/Nameless\.graphql must hold one operation with a name/)
})
