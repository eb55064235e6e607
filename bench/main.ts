// npm run bench -- <name>: runs bench/<name>.ts; its last line on standard output is one JSON object of figures.
import { readdirSync } from 'node:fs'

const [name = ''] = process.argv.slice(2)
const known = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.ts') && file !== 'main.ts').map((file) => file.slice(0, -'.ts'.length)).sort()
if (!known.includes(name)) {
  console.error(`npm run bench -- <${known.join(' | ')}>`)
  process.exit(1)
}
const { run } = (await import(`./${name}.ts`)) as { run(args: readonly string[]): Promise<void> }
await run(process.argv.slice(3))
process.exit(0)
