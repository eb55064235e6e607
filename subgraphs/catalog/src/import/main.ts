// npm run import -- <what> <files> : fills the catalog of the database in DATABASE_URL from files of others.
import { parseArgs } from 'node:util'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { AppError, ConfigError, migrate, openDatabase, setting, type Orm } from '@pharmagraph/platform'
import { ImportRemark, type ImportRun } from '../entities/import-run.ts'
import { catalog } from '../subgraph.ts'
import { drugsAtFdaArchive, drugsAtFdaCsv } from './drugs-at-fda.ts'
import { interactionsCsv, interactionsXml } from './interactions.ts'
import { ndcPackages, ndcProducts } from './ndc.ts'
import { openFdaProducts } from './openfda.ts'
import { runImport, type Importer } from './run.ts'

const usage = `npm run import -- ndc <product.txt> <package.txt>     FDA NDC Directory, finished or unfinished drugs
npm run import -- openfda <drug-ndc.json>             openFDA drug/ndc: a download or an answer
npm run import -- drugsatfda <Products.txt | .csv>    Drugs@FDA: the archive's folder, its Products.txt, or one joined CSV
npm run import -- interactions <.csv | .xml> --source <name> --version <version>

--partial              the file is not the whole list: nothing is withdrawn (openfda: the default; --complete for a whole download)
--accept-withdrawals   withdraw even more than a fifth of a list
--quiet                no progress
The database is DATABASE_URL. A broken import goes on where it stopped when it is started again with the same file.`

const options = {
  source: { type: 'string' }, version: { type: 'string' }, partial: { type: 'boolean' }, complete: { type: 'boolean' },
  'accept-withdrawals': { type: 'boolean' }, quiet: { type: 'boolean' }, help: { type: 'boolean' },
} as const

try {
  const { positionals: [what = '', ...files], values } = parseArgs({ options, allowPositionals: true })
  const steps = stepsOf(what, files, values)
  if (!steps || values.help) {
    console.error(usage)
    process.exit(values.help ? 0 : 2)
  }
  // a reader that goes away, such as head, is no reason to stop
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {})
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  const orm = await openDatabase({ url: setting('DATABASE_URL'), entities: catalog.entities, migrations: join(catalog.folder, 'migrations') })
  try {
    await migrate(orm)
    for (const { file, importer } of await steps) {
      const started = performance.now()
      const onProgress = (run: ImportRun): void => void (values.quiet || process.stderr.write(`\r${run.source}: ${run.recordsRead} records`))
      const run = await runImport(orm, importer, file, { signal: stop.signal, onProgress })
      if (!values.quiet) process.stderr.write('\n')
      await report(orm, run, (performance.now() - started) / 1000)
      if (run.status !== 'DONE') process.exit(130)
    }
  } finally {
    await orm.close(true)
  }
} catch (error) {
  const known = error instanceof AppError || error instanceof ConfigError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')
  console.error(known ? `import: ${(error as Error).message}` : error)
  process.exit(1)
}

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']
type Step = { file: string; importer: Importer<unknown> }

function stepsOf(what: string, files: string[], values: Values): Promise<Step[]> | undefined {
  const completeness = (complete: boolean) => ({ complete, acceptWithdrawals: values['accept-withdrawals'] ?? false })
  const whole = completeness(!values.partial)
  const [first, second] = files
  if (what === 'ndc' && first && second) {
    return Promise.resolve([{ file: first, importer: ndcProducts(whole) }, { file: second, importer: ndcPackages(whole) }])
  }
  if (what === 'openfda' && first) return Promise.resolve([{ file: first, importer: openFdaProducts(completeness(values.complete ?? false)) }])
  if (what === 'drugsatfda' && first) return approvals(first, whole)
  if (what === 'interactions' && first && values.source && values.version) {
    const release = { source: values.source, version: values.version, complete: !values.partial }
    return Promise.resolve([{ file: first, importer: first.endsWith('.xml') ? interactionsXml(release) : interactionsCsv(release) }])
  }
  return undefined
}

async function approvals(path: string, completeness: { complete: boolean; acceptWithdrawals: boolean }): Promise<Step[]> {
  if (path.endsWith('.csv')) return [{ file: path, importer: drugsAtFdaCsv(completeness) }]
  const file = statSync(path, { throwIfNoEntry: false })?.isDirectory() ? join(path, 'Products.txt') : path
  return [{ file, importer: await drugsAtFdaArchive(completeness, file) }]
}

/** What came of a run, for people, and every kind of remark with its first lines. */
async function report(orm: Orm, run: ImportRun, seconds: number): Promise<void> {
  console.log(`${run.source} ${run.fileName}: ${run.status.toLowerCase()} in ${seconds.toFixed(1)} s (run ${run.id})`)
  console.log(`  read ${run.recordsRead}, inserted ${run.inserted}, updated ${run.updated}, unchanged ${run.unchanged}, refused ${run.refused}, withdrawn ${run.withdrawn}`)
  const em = orm.em.fork()
  const kinds = await em.execute<{ code: string; refused: boolean; n: number }[]>(
    'select code, refused, count(*)::int as n from import_remark where run_id = ? group by code, refused order by refused desc, code', [run.id])
  for (const { code, refused, n } of kinds) {
    console.log(`  ${refused ? 'refused' : 'noted'} ${n} × ${code}`)
    const first = await em.find(ImportRemark, { runId: run.id, code, refused }, { orderBy: { id: 'asc' }, limit: 5 })
    for (const { line, message, record } of first) console.log(`    ${line > 0 ? `line ${line}: ` : ''}${record ? `${record}: ` : ''}${message}`)
    if (n > first.length) console.log(`    … and ${n - first.length} more (table import_remark, or the importRuns query)`)
  }
}
