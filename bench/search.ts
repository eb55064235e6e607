/**
 * Search as the catalog answers it over HTTP against plain ILIKE on the same tables in the same run: both give the first
 * twenty and the total; ours also ranks, forgives typing errors and counts facets. What is asked is drawn from the data:
 * names letter by letter as one types, whole names, names with a typing error, NDCs in five written forms, ingredient with
 * strength and form. The data are the FDA's lists of 21,478 products and 35,321 packages where they are at hand
 * (REAL_DATA_DIR, or shared/data beside the repository), else made up, as many and alike. The formulary is measured as well,
 * with every package in it as a drug.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { demoData, type Orm } from '@pharmagraph/platform'
import { formatNdc11, formatNdc12, parseNdc } from '@pharmagraph/schema/identifiers'
import { learnWords } from '../subgraphs/catalog/src/commands/learn-words.ts'
import { ndcPackages, ndcProducts } from '../subgraphs/catalog/src/import/ndc.ts'
import { runImport } from '../subgraphs/catalog/src/import/run.ts'
import { measuredCatalog } from './support/catalog.ts'

const limitMs = 25
const perKind = 40
const kinds = ['typing', 'name', 'typo', 'ndc', 'ingredient'] as const
type Kind = (typeof kinds)[number]
/** `hit` tells whether a row found is what was meant. */
type Asked = { kind: Kind; text: string; hit(row: { name: string; ndcs: string[] }): boolean }

const target = {
  directory: { rows: 'directory', fields: 'name packages { ndc }', table: 'directory_product', ndcs: '(select coalesce(array_agg(ndc), array[]::varchar[]) from directory_package where product_id = t.id)', like: ['name', 'generic_name', 'labeler', `array_to_string(ingredient_names, ' ')`, 'strength'], byNdc: 'id in (select product_id from directory_package where ndc ilike $1)' },
  formulary: { rows: 'drugs', fields: 'name ndc', table: 'drug', ndcs: 'array[ndc]', like: ['name', 'generic_name', 'manufacturer', `array_to_string(ingredient_names, ' ')`, 'strength'], byNdc: 'ndc ilike $1' },
} as const
type Target = (typeof target)[keyof typeof target]

/** Runs the benchmark; the figures are the last line on standard output. */
export async function run(): Promise<void> {
  const subgraph = await measuredCatalog('search')
  const { headers, folder } = subgraph
  try {
    const [products, packages, data] = filesOf(folder)
    const whole = { complete: true, acceptWithdrawals: false }
    const imports = []
    for (const [file, importer] of [[products, ndcProducts(whole)], [packages, ndcPackages(whole)]] as const) {
      const started = performance.now()
      const { recordsRead, inserted, refused } = await runImport<never>(subgraph.orm, importer as never, file)
      imports.push({ records: recordsRead, inserted, refused, seconds: round(((performance.now() - started) / 1_000)) })
      console.error(`imported ${file}: ${JSON.stringify(imports.at(-1))}`)
    }
    const drugs = await everyPackageAsDrug(subgraph.orm)
    await subgraph.orm.em.fork().execute('analyze')
    const questions = await draw(subgraph.orm)
    const result: Record<string, unknown> = { bench: 'search', data, imports, drugs, questions: questions.length, limitMs }
    for (const [name, its] of Object.entries(target)) {
      const ours: Round[] = []
      const plain: Round[] = []
      const ask = (text: string): Promise<Answer> => search(subgraph.url, headers, its, text)
      const like = (text: string): Promise<Answer> => ilike(subgraph.orm, its, text)
      for (const question of questions.slice(0, 20)) await Promise.all([ask(question.text), like(question.text)])
      for (const question of questions) {
        ours.push(await measured(question, ask))
        plain.push(await measured(question, like))
      }
      const [own, other] = [summary(ours), summary(plain)]
      result[name] = { ...own, ilike: other, p95Ratio: round(other.p95 / own.p95), withinLimit: own.p95 <= limitMs }
      console.error(`${name}: ${JSON.stringify(result[name])}`)
    }
    console.log(JSON.stringify(result))
  } finally {
    await subgraph.stop()
  }
}

type Answer = { name: string; ndcs: string[] }[]
type Round = { kind: Kind; ms: number; found: boolean }

async function measured(question: Asked, ask: (text: string) => Promise<Answer>): Promise<Round> {
  const started = performance.now()
  const answer = await ask(question.text)
  return { kind: question.kind, ms: performance.now() - started, found: answer.slice(0, 10).some(question.hit) }
}

async function search(url: string, headers: Record<string, string>, { rows, fields }: Target, text: string): Promise<Answer> {
  const query = `query ($s: String) { found: ${rows}(search: $s, first: 20) { totalCount readAs facets { field values { value count } } nodes { id ${fields} } pageInfo { hasNextPage endCursor } } }`
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables: { s: text } }) })
  const { data, errors } = (await response.json()) as { data: { found: { nodes: { name: string; ndc?: string; packages?: { ndc: string }[] }[] } }; errors?: unknown }
  if (errors) throw new Error(JSON.stringify(errors))
  return data.found.nodes.map(({ name, ndc, packages }) => ({ name, ndcs: packages?.map((pack) => pack.ndc) ?? [ndc!] }))
}

async function ilike(orm: Orm, { table, like, ndcs, byNdc }: Target, text: string): Promise<Answer> {
  const where = /^[\d-]+$/.test(text) ? byNdc.replace('$1', '?') : `(${like.map((column) => `${column} ilike ?`).join(' or ')})`
  const params = Array<string>(where.split('?').length - 1).fill(`%${text}%`)
  const rows = await orm.em.fork().execute<{ name: string; ndcs: string[] }[]>(`select t.id, t.name, ${ndcs} as ndcs, count(*) over () as total from ${table} t where ${where} order by t.name limit 20`, params)
  return rows
}

/** Questions of every kind, from products spread over the whole directory. */
async function draw(orm: Orm): Promise<Asked[]> {
  const rows = await orm.em.fork().execute<{ name: string; ndc: string; substance: string; strength: string; form: string }[]>(
    `select name, ndc, substance, strength, form from (
       select d.name, min(p.ndc) as ndc, d.ingredient_names[1] as substance, d.strength, split_part(d.dosage_form, ',', 1) as form, row_number() over (order by md5(d.id)) as place
       from directory_product d join directory_package p on p.product_id = d.id where cardinality(d.ingredient_names) = 1 and d.name ~ '^[A-Za-z]{5,}' group by d.id
     ) spread where place <= ? order by place`, [perKind * kinds.length])
  const is = (name: string) => (row: { name: string }): boolean => row.name.toLowerCase() === name.toLowerCase()
  return rows.flatMap((row, place): Asked[] => {
    const { name, ndc, substance, strength, form } = row
    const first = name.split(/[^A-Za-z]/)[0]!
    const begins = (found: { name: string }): boolean => found.name.toLowerCase().startsWith(first.toLowerCase())
    switch (kinds[place % kinds.length]!) {
      case 'typing':
        return Array.from({ length: Math.min(first.length, 8) }, (_, i) => first.slice(0, i + 1)).map((text, i) => ({ kind: 'typing', text, hit: i < 3 ? (found) => found.name.toLowerCase().startsWith(text.toLowerCase()) : (found) => found.name.toLowerCase().includes(text.toLowerCase()) }))
      case 'name':
        return [{ kind: 'name', text: name.slice(0, 200), hit: is(name) }]
      case 'typo': {
        const at = 2 + (place % (first.length - 3))
        return [{ kind: 'typo', text: first.slice(0, at) + first[at + 1] + first[at] + first.slice(at + 2), hit: begins }]
      }
      case 'ndc': {
        const { ndc11, ndc12 } = parseNdc(ndc)!
        const forms = [ndc, ndc.replaceAll('-', ''), formatNdc11(ndc11!), ndc11!, formatNdc12(ndc12)]
        return [{ kind: 'ndc', text: forms[Math.floor(place / kinds.length) % forms.length]!, hit: ({ ndcs }) => ndcs.includes(ndc) }]
      }
      case 'ingredient':
        return [{ kind: 'ingredient', text: `${substance} ${strength.split(' / ')[0]} ${form.toLowerCase()}`, hit: (found) => found.name.toLowerCase().includes(substance.split(' ')[0]!) || begins(found) }]
    }
  })
}

/** A formulary of everything listed: what search costs where the pharmacy sells it all. */
async function everyPackageAsDrug(orm: Orm): Promise<number> {
  const em = orm.em.fork()
  await em.execute(
    `insert into drug (id, version, ndc, ndc11, ndc12, ndc10, gtin, name, generic_name, manufacturer, description, ingredients, ingredient_names, strength, dosage_form, route, dea_schedule, rx_only,
       package_size, dispensing_unit, package_description, pharmacologic_class, therapeutic_equivalence, storage_class, side_effects, equivalence_key, price_minor, currency, price_since, name_key, search)
     select gen_random_uuid(), 1, p.ndc, substr(p.ndc12, 2), p.ndc12, p.ndc10, p.gtin, left(d.name, 250), left(coalesce(d.generic_name, d.name), 250), left(d.labeler, 250), 'Listed.', d.substances, d.ingredient_names,
       left(d.strength, 2000), d.dosage_form, coalesce(d.routes[1], ''), d.dea_schedule, true, 1, 'EACH', left(p.description, 2000), d.classes[1], null, 'CRT', '[]', left(d.id, 200), 999, 'USD', now(), d.name_key, d.search
     from directory_package p join directory_product d on d.id = p.product_id where p.gtin is not null
     on conflict do nothing`)
  await learnWords(em, 'drug')
  const [count] = await em.execute<{ n: number }[]>('select count(*)::int as n from drug')
  return count!.n
}

function summary(rounds: Round[]) {
  const sorted = (own: Round[]): number[] => own.map(({ ms }) => ms).sort((a, b) => a - b)
  const at = (times: number[], share: number): number => round(times[Math.floor(times.length * share)]!)
  const times = sorted(rounds)
  const found = Object.fromEntries(kinds.map((kind) => {
    const own = rounds.filter((entry) => entry.kind === kind)
    return [kind, { found: round(own.filter((entry) => entry.found).length / own.length), p95: at(sorted(own), 0.95) }]
  }))
  return { p50: at(times, 0.5), p95: at(times, 0.95), p99: at(times, 0.99), kinds: found }
}
const round = (value: number): number => Math.round(value * 100) / 100

/** The FDA's files, or files of the same layout and size made of the demo formulary. */
function filesOf(folder: string): [products: string, packages: string, data: string] {
  const real = join(process.env['REAL_DATA_DIR'] ?? resolve(import.meta.dirname, '../../shared/data'), 'ndc')
  const [products, packages] = [join(real, 'unfinished_product.txt'), join(real, 'unfinished_package.txt')]
  if (existsSync(products) && existsSync(packages)) return [products, packages, 'FDA list of unfinished drugs']
  const { drugs } = demoData<{ drugs: { name: string; genericName: string; labeler: string; form: string; route: string; ingredients: { name: string; strength: string }[] }[] }>('formulary.json')
  const [productRows, packageRows] = [[productHeader], [packageHeader]]
  for (let i = 0; i < 21_478; i++) {
    const { name, genericName, form, route, ingredients } = drugs[i % drugs.length]!
    const { labeler } = drugs[(i * 7) % drugs.length]!
    const ndc = `${10_000 + Math.floor(i / 1_000)}-${String(i % 1_000).padStart(3, '0')}`
    const id = `${ndc}_${i}`
    const amounts = ingredients.map(({ strength }) => strength.split(' '))
    productRows.push([id, ndc, 'HUMAN PRESCRIPTION DRUG', `${name} ${i % 90}`, '', genericName, form, route, '20200101', '', 'ANDA', `ANDA${100_000 + i}`, labeler, ingredients.map((one) => one.name.toUpperCase()).join('; '),
      amounts.map(([amount]) => amount).join('; '), amounts.map(([, ...unit]) => `${unit.join(' ')}/1`).join('; '), '', '', 'N', '20271231'].join('\t'))
    for (let pack = 0; pack < (i < 13_843 ? 2 : 1); pack++) packageRows.push([id, ndc, `${ndc}-${String(pack + 1).padStart(2, '0')}`, `${30 * (pack + 1)} ${form} in 1 BOTTLE (${ndc}-0${pack + 1})`, '20200101', '', 'N', 'N'].join('\t'))
  }
  for (const [file, rows] of [['product.txt', productRows], ['package.txt', packageRows]] as const) writeFileSync(join(folder, file), `${rows.join('\r\n')}\r\n`)
  return [join(folder, 'product.txt'), join(folder, 'package.txt'), 'made up from the demo formulary']
}
const productHeader = 'PRODUCTID	PRODUCTNDC	PRODUCTTYPENAME	PROPRIETARYNAME	PROPRIETARYNAMESUFFIX	NONPROPRIETARYNAME	DOSAGEFORMNAME	ROUTENAME	STARTMARKETINGDATE	ENDMARKETINGDATE	MARKETINGCATEGORYNAME	APPLICATIONNUMBER	LABELERNAME	SUBSTANCENAME	ACTIVE_NUMERATOR_STRENGTH	ACTIVE_INGRED_UNIT	PHARM_CLASSES	DEASCHEDULE	NDC_EXCLUDE_FLAG	LISTING_RECORD_CERTIFIED_THROUGH'
const packageHeader = 'PRODUCTID	PRODUCTNDC	NDCPACKAGECODE	PACKAGEDESCRIPTION	STARTMARKETINGDATE	ENDMARKETINGDATE	NDC_EXCLUDE_FLAG	SAMPLE_PACKAGE'
