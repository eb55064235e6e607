/**
 * The public interaction check, over HTTP, of fifteen medicines at 160,000 known pairs, against the plain way: one look-up
 * of each of the 105 pairs in a table of pairs indexed by both names, in the same run. Both must find the same. The pairs
 * are made up, among 1,800 ingredients of which 235 are the demo formulary's, and come in through the CSV importer.
 */
import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Orm } from '@pharmagraph/platform'
import { interactionsCsv } from '../subgraphs/catalog/src/import/interactions.ts'
import { runImport } from '../subgraphs/catalog/src/import/run.ts'
import { measuredCatalog } from './support/catalog.ts'

const limitMs = 20
const pairs = 160_000
const ingredients = 1_800
const medicines = 15
const checks = 300

/** Runs the benchmark; the figures are the last line on standard output. */
export async function run(): Promise<void> {
  const subgraph = await measuredCatalog('interactions')
  const { headers, folder } = subgraph
  try {
    const sold = (await subgraph.orm.em.fork().execute<{ name: string }[]>('select name from ingredient order by name')).map(({ name }) => name)
    const names = [...sold, ...Array.from({ length: ingredients - sold.length }, (_, i) => `benchazole ${i}`)]
    const file = join(folder, 'pairs.csv')
    await writePairs(file, names)
    const started = performance.now()
    const { inserted } = await runImport(subgraph.orm, interactionsCsv({ source: 'bench', version: '1', complete: true }), file)
    const importSeconds = round((performance.now() - started) / 1_000)
    const [told] = await subgraph.orm.em.fork().execute<{ n: number }[]>(`select count(*)::int as n from interaction_told where id like 'bench:%'`)
    console.error(`imported ${inserted} pairs in ${importSeconds} s, of which ${told!.n} between ingredients of the formulary were told to the others`)
    await plainTable(subgraph.orm)

    const ours: number[] = []
    const plain: number[] = []
    let findings = 0
    const lists = Array.from({ length: checks }, (_, round) => Array.from({ length: medicines }, (_, place) => names[hash(round * 31 + place) % names.length]!))
    for (const [place, list] of [...lists.slice(0, 20), ...lists].entries()) {
      const own = await timed(() => check(subgraph.url, headers, list))
      const other = await timed(() => pairByPair(subgraph.orm, list))
      if (own.value.sort().join() !== other.value.sort().join()) throw new Error(`the two ways find different things for ${list.join(', ')}`)
      if (place < 20) continue
      ours.push(own.ms)
      plain.push(other.ms)
      findings += own.value.length
    }
    const [own, other] = [summary(ours), summary(plain)]
    console.log(JSON.stringify({
      bench: 'interactions', pairs: inserted, ingredients, medicines, checks, findingsPerCheck: round(findings / checks), importSeconds, told: told!.n, limitMs,
      ...own, pairByPair: other, p95Ratio: round(other.p95 / own.p95), withinLimit: own.p95 <= limitMs,
    }))
  } finally {
    await subgraph.stop()
  }
}

async function check(url: string, headers: Record<string, string>, list: readonly string[]): Promise<string[]> {
  const query = 'query ($m: [String!]!) { interactionCheck(medicines: $m) { knowledgeVersion medicines { asked recognised } findings { medicines ingredients interaction { id severity effect management patientText } } } }'
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables: { m: list } }) })
  const { data, errors } = (await response.json()) as { data: { interactionCheck: { findings: { interaction: { id: string } }[] } }; errors?: unknown }
  if (errors) throw new Error(JSON.stringify(errors))
  return data.interactionCheck.findings.map(({ interaction }) => interaction.id).filter((id) => id.startsWith('bench:'))
}

/** A table of pairs as one would first write it: each pair once, an index on either name. */
async function plainTable(orm: Orm): Promise<void> {
  const em = orm.em.fork()
  await em.execute(`create table plain_pair as select id, a_members[1] as a, b_members[1] as b, severity, effect, management, patient_text from interaction where source = 'bench'`)
  for (const column of ['a', 'b']) await em.execute(`create index on plain_pair (${column})`)
  await em.execute('analyze')
}

async function pairByPair(orm: Orm, list: readonly string[]): Promise<string[]> {
  const em = orm.em.fork()
  const found: string[] = []
  const names = [...new Set(list)]
  for (const [place, one] of names.entries()) {
    for (const other of names.slice(place + 1)) {
      found.push(...(await em.execute<{ id: string }[]>('select * from plain_pair where (a = ? and b = ?) or (a = ? and b = ?)', [one, other, other, one])).map(({ id }) => id))
    }
  }
  return found
}

/** 160,000 different pairs spread over all combinations, as every tenth or so is known in true knowledge bases. */
async function writePairs(file: string, names: readonly string[]): Promise<void> {
  const out = createWriteStream(file)
  out.write('id,drug_a,drug_b,level,effect,management\n')
  const all = (names.length * (names.length - 1)) / 2
  const levels = ['Contraindicated', 'Major', 'Moderate', 'Moderate', 'Minor']
  let written = 0
  let seen = 0
  for (let a = 0; a < names.length; a++) {
    for (let b = a + 1; b < names.length; b++, seen++) {
      // chosen so that exactly `pairs` are, and no ingredient gets a block of neighbours
      const [left, wanted] = [all - seen, pairs - written]
      if (hash(a * 2_654_435 + b) % left >= wanted) continue
      if (!out.write(`${written},"${names[a]}","${names[b]}",${levels[written % levels.length]},"Raises exposure, by mechanism ${written % 97}",Watch closely.\n`)) await once(out, 'drain')
      written++
    }
  }
  out.end()
  await once(out, 'finish')
}

/** A spread-out number of a number, the same in every run. */
function hash(value: number): number {
  let h = Math.imul(value ^ 0x9e37_79b9, 0x85eb_ca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35)
  return (h ^ (h >>> 16)) >>> 0
}

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const started = performance.now()
  const value = await work()
  return { ms: performance.now() - started, value }
}

function summary(times: number[]): { p50: number; p95: number; p99: number } {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): number => round(sorted[Math.floor(sorted.length * share)]!)
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}
const round = (value: number): number => Math.round(value * 100) / 100
