import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from './tools.ts'

/**
 * npm's stand-in: notes how it was called. `ci` installs a Node and what is not optional, `install` what is, if NPM_FINDS
 * names it: npm leaves out an optional package that does not suit the Node it runs on.
 */
const npm = `
const { appendFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } = require('node:fs')
const [verb] = process.argv.slice(2)
appendFileSync('npm.log', verb + '\\n')
if (process.env.NPM_FAILS) process.exit(1)
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
const wanted = Object.keys(packages).filter((path) => path && (packages[path].optional ? path.endsWith(process.env.NPM_FINDS) : true))
if (verb === 'ci') {
  rmSync('node_modules', { recursive: true, force: true })
  mkdirSync('node_modules/.bin', { recursive: true })
  symlinkSync(${JSON.stringify(process.execPath)}, 'node_modules/.bin/node')
}
const now = wanted.filter((path) => verb === 'install' || !packages[path].optional)
for (const path of now) mkdirSync(path, { recursive: true })
writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages: Object.fromEntries(now.map((path) => [path, packages[path]])) }))
`

const entry = `
const [what = ''] = process.argv.slice(2)
if (what === 'wait') {
  process.once('SIGTERM', () => process.exit(5))
  setInterval(() => {}, 1000)
}
console.log(JSON.stringify(process.argv.slice(2)))
if (what === 'exit') process.exit(7)
`

function repository(): string {
  const root = temporaryFolder()
  for (const folder of ['scripts', 'npm', 'home']) mkdirSync(join(root, folder))
  copyFileSync(join(import.meta.dirname, '../../scripts/bootstrap.mjs'), join(root, 'scripts/bootstrap.mjs'))
  writeFileSync(join(root, 'npm/npm-cli.js'), npm)
  writeFileSync(join(root, 'npm/package.json'), '{ "type": "commonjs" }')
  writeFileSync(join(root, 'entry.ts'), entry)
  lock(root, '1.0.0')
  return root
}

function lock(root: string, version: string, more: Record<string, object> = {}): void {
  const elsewhere = { version: '1.0.0', optional: true, os: ['nowhere'] }
  const packages = { '': {}, 'node_modules/left': { version }, 'node_modules/right': elsewhere, ...more }
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages }))
}

function start(root: string, args: string[], env: Record<string, string> = {}): ChildProcess {
  const settings = { PATH: process.env['PATH'], HOME: join(root, 'home'), npm_execpath: join(root, 'npm/npm-cli.js'), ...env }
  return spawn(process.execPath, [join(root, 'scripts/bootstrap.mjs'), 'entry.ts', ...args], { env: settings, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function run(root: string, args: string[], env?: Record<string, string>) {
  const child = start(root, args, env)
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', (chunk) => (stdout += chunk))
  child.stderr?.on('data', (chunk) => (stderr += chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

const npmCalls = (root: string) => (existsSync(join(root, 'npm.log')) ? readFileSync(join(root, 'npm.log'), 'utf8').trim().split('\n') : [])

test('a fresh clone is installed once, then the entry runs at once with its arguments and exit code', async () => {
  const root = repository()
  const first = await run(root, ['one', '--two'])
  assert.deepEqual([first.code, first.stdout], [0, '["one","--two"]\n'])
  assert.match(first.stderr, /node_modules is missing: installing packages \(npm ci/)
  const second = await run(root, ['exit'])
  assert.deepEqual([second.code, second.stderr], [7, ''])
  assert.deepEqual(npmCalls(root), ['ci'])
})

test('a changed lock, an interrupted install and a deleted package are noticed', async () => {
  const root = repository()
  await run(root, [])
  lock(root, '2.0.0')
  assert.match((await run(root, [])).stderr, /node_modules\/left is not the version/)
  rmSync(join(root, 'node_modules/.package-lock.json'))
  assert.match((await run(root, [])).stderr, /did not finish/)
  rmSync(join(root, 'node_modules/left'), { recursive: true })
  assert.match((await run(root, [])).stderr, /node_modules\/left has gone missing/)
  assert.deepEqual((await run(root, [])).stderr, '')
})

test('an optional package that npm left out is added with the pinned Node, and tried once for a lock', async () => {
  const root = repository()
  lock(root, '1.0.0', { 'node_modules/server': { version: '1.0.0', optional: true } })
  assert.match((await run(root, [])).stderr, /adding server.*\n.*could not install server; going on without/)
  assert.equal((await run(root, [])).stderr, '')
  assert.deepEqual(npmCalls(root), ['ci', 'install'])

  lock(root, '1.0.0', { 'node_modules/server': { version: '1.0.1', optional: true } })
  assert.equal((await run(root, [], { NPM_FINDS: 'server' })).stderr, 'pharmagraph: adding server (npm install --no-save)\n')
  assert.equal((await run(root, [])).stderr, '')
  assert.deepEqual(npmCalls(root), ['ci', 'install', 'install'])
})

test('two starts at once install once, and a lock left by a dead process is taken over', async () => {
  const root = repository()
  mkdirSync(join(root, '.data'))
  writeFileSync(join(root, '.data/install.lock'), String(2 ** 22 + 1))
  const both = await Promise.all([run(root, ['a']), run(root, ['b'])])
  assert.deepEqual(both.map(({ code, stdout }) => [code, stdout]), [[0, '["a"]\n'], [0, '["b"]\n']])
  assert.deepEqual(npmCalls(root), ['ci'])
})

test('a failed install is reported and tried again next time', async () => {
  const root = repository()
  const failed = await run(root, [], { NPM_FAILS: '1' })
  assert.deepEqual([failed.code, failed.stdout], [1, ''])
  assert.match(failed.stderr, /npm ci failed/)
  assert.equal((await run(root, ['now'])).stdout, '["now"]\n')
})

test('signals are passed on', async () => {
  const root = repository()
  await run(root, [])
  const child = start(root, ['wait'])
  assert.ok(child.stdout)
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'exit'), [5, null])
})
