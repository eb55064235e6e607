// Writes docs/regulations.md from the rows of the regulation engine. `--check` fails where the page differs from the rows.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { rules } from '../subgraphs/prescriptions/src/regulations/rules.ts'

const page = resolve(import.meta.dirname, '../docs/regulations.md')
const cell = (value: unknown): string => String(value).replaceAll('|', '\\|').replaceAll('\n', ' ')
const parameters = (value: object): string =>
  Object.entries(value).map(([name, setting]) => `${name}: ${Array.isArray(setting) ? setting.join(', ') : typeof setting === 'object' ? JSON.stringify(setting) : setting}`).join('; ')

const kinds = Map.groupBy(rules, ({ kind }) => kind)
const sections = [...kinds].map(([kind, rows]) =>
  [
    `## ${kind}`,
    '',
    '| rule | jurisdiction | schedules | from | to | sets | source |',
    '|---|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${[row.id, row.jurisdiction, row.schedules.join(' '), row.from, row.to ?? '', parameters(row.parameters), row.source].map(cell).join(' | ')} |`),
  ].join('\n'),
)
const text = `# Regulations

Every rule of dispensing is a dated row with its source, in \`subgraphs/prescriptions/src/regulations/\`; this page is written from the rows by
\`npm run regulations\`. Where several rows hold on a day, the stricter one wins. Rows of jurisdiction PHARMACY are house policy. Nothing here is
legal advice.

${sections.join('\n\n')}
`
if (process.argv.includes('--check')) {
  if (!existsSync(page) || readFileSync(page, 'utf8') !== text) {
    console.error('docs/regulations.md differs from the rows: run `npm run regulations`')
    process.exit(1)
  }
} else {
  writeFileSync(page, text)
}
console.log(`${rules.length} rules`)
