// `npm run check`: everything that can be wrong without running the product. Each check runs even when another fails.
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const node = process.execPath
const checks: [name: string, command: string[]][] = [
  ['types', [node, 'node_modules/typescript/bin/tsc', '-p', '.']],
  ['types of the web client', [node, 'node_modules/typescript/bin/tsc', '-p', 'clients/web']],
  ['composition is committed', [node, 'scripts/compose.ts', '--check']],
  ['generated code is committed', [node, 'scripts/codegen.ts', '--check']],
  ['contracts: PHI policies, events, copies', [node, 'scripts/contracts.ts']],
  ['persisted operations fit the graph', [node, 'scripts/operations.ts', '--check']],
  ['entities and migrations agree', [node, 'scripts/migration.ts', '--check']],
  ['lifecycle diagrams in the READMEs', [node, 'scripts/diagrams.ts', '--check']],
  ['regulations page shows the rows', [node, 'scripts/regulations.ts', '--check']],
  ['imports keep their direction', [node, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', '--config', '.dependency-cruiser.json', 'platform', 'subgraphs', 'gateway', 'dev', 'schema']],
  ['deployment files name every subgraph', [node, 'scripts/deployment.ts']],
]

const only = process.argv.slice(2)
let failures = 0
for (const [name, [command, ...args]] of checks.filter(([name]) => only.length === 0 || only.some((word) => name.includes(word)))) {
  const started = Date.now()
  const child = spawn(command!, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: process.env })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const code = await new Promise<number | null>((done) => child.on('close', done))
  console.log(`${code === 0 ? '✔' : '✖'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`)
  if (code !== 0) {
    failures++
    console.log(output.trimEnd().split('\n').map((line) => `    ${line}`).join('\n'))
  }
}
console.log(failures === 0 ? 'all checks pass' : `${failures} of the checks failed`)
process.exit(failures === 0 ? 0 : 1)
