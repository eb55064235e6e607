// Writes each lifecycle table as a diagram between its markers in subgraphs/<name>/README.md. `--check` fails where a
// README does not show its table, or a table is not shown.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { diagram, type Lifecycle } from '@pharmagraph/platform'
import { subgraphs } from './rover.ts'

const root = resolve(import.meta.dirname, '..')
let wrong = false
for (const { name, inProcess } of subgraphs) {
  const folder = resolve(root, 'subgraphs', name)
  const tables = resolve(folder, 'src/lifecycles')
  if (inProcess || !existsSync(tables)) continue
  const readme = resolve(folder, 'README.md')
  const before = readFileSync(readme, 'utf8')
  let text = before
  for (const file of readdirSync(tables).filter((entry) => entry.endsWith('.ts'))) {
    const module = (await import(resolve(tables, file))) as Record<string, unknown>
    for (const [key, value] of Object.entries(module)) {
      if (!key.endsWith('Lifecycle')) continue
      const label = key.slice(0, -'Lifecycle'.length)
      const block = new RegExp(`(<!-- lifecycle:${label} -->)[\\s\\S]*?(<!-- /lifecycle -->)`)
      if (!block.test(text)) {
        console.error(`subgraphs/${name}/README.md lacks <!-- lifecycle:${label} --> … <!-- /lifecycle -->`)
        wrong = true
        continue
      }
      text = text.replace(block, `$1\n\`\`\`mermaid\n${diagram(value as Lifecycle<string, never>)}\n\`\`\`\n$2`)
    }
  }
  if (text === before) continue
  if (process.argv.includes('--check')) {
    console.error(`subgraphs/${name}/README.md does not show its tables: run \`node scripts/bootstrap.mjs scripts/diagrams.ts\``)
    wrong = true
  } else {
    writeFileSync(readme, text)
  }
}
if (wrong) process.exit(1)
console.log('diagrams are up to date')
