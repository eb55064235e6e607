// `npm test [-- <part of a path> …]`: all tests on real PostgreSQL and NATS. Files of one process first, two at a time, on
// one shared PostgreSQL; then the journeys across processes, one at a time: those that leave a stack as
// others need it share one (tests/stack.ts), the others have their own.
import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { scratchServer } from '../tests/environment.ts'

const root = resolve(import.meta.dirname, '..')
const wanted = process.argv.slice(2)
const files = globSync(['{schema,platform,gateway,dev,clients,scripts}/test/**/*.test.ts', 'subgraphs/*/test/**/*.test.ts', 'tests/e2e/*.test.ts'], { cwd: root })
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort()
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(' ')}`)
  process.exit(2)
}

const started = Date.now()
const server = await scratchServer()
const total = { pass: 0, fail: 0, skipped: 0 }
let failed = false

async function run(group: string[], concurrency: number, ...options: string[]): Promise<void> {
  if (group.length === 0) return
  const child = spawn(process.execPath, ['--test', '--test-reporter=spec', `--test-concurrency=${concurrency}`, '--test-timeout=300000', ...options, ...group], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TEST_POSTGRES_URL: server.adminUrl, LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'fatal', NODE_COMPILE_CACHE: resolve(root, '.data/compile-cache') },
  })
  let tail = ''
  child.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk)
    tail = (tail + chunk.toString()).slice(-200_000)
  })
  const code = await new Promise<number | null>((done) => child.on('close', done))
  for (const key of ['pass', 'fail', 'skipped'] as const) total[key] += Number(new RegExp(`ℹ ${key} (\\d+)`).exec(tail)?.[1] ?? 0)
  if (code !== 0) failed = true
}

const isJourney = (file: string): boolean => file.startsWith('tests/')
const sharesStack = (file: string): boolean => isJourney(file) && readFileSync(resolve(root, file), 'utf8').includes('sharedStack()')
try {
  await run(files.filter((file) => !isJourney(file)), 2)
  await run(files.filter(sharesStack), 1, '--test-isolation=none')
  await run(files.filter((file) => isJourney(file) && !sharesStack(file)), 1)
} finally {
  await server.stop()
}
console.log(`\n${files.length} files in ${Math.round((Date.now() - started) / 1000)} s`)
console.log(`${total.pass} passed, ${total.fail} failed, ${total.skipped} skipped`)
process.exit(failed || total.fail > 0 ? 1 : 0)
