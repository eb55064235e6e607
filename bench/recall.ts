/**
 * Time from opening a recall to the complete list of people, at 100,000 dispensed lines: through the running subgraph,
 * over HTTP, as the gateway asks. Once for a recall of one lot of a thousand fills, once for everything. The peer, in the
 * same run and on the same rows, is the same query without the index from lot to dispense record.
 */
import { exportJWK, generateKeyPair } from 'jose'
import pg from 'pg'
import { newId, runSubgraph, signActor, type Actor } from '@pharmagraph/platform'
import { inventory } from '../subgraphs/inventory/src/subgraph.ts'
import { actorWith, scratchDatabase, scratchServer } from '../tests/environment.ts'

const fills = 100_000
const lots = 100
const oneLot = fills / lots

const open = 'mutation ($i: RecallLotsInput!) { recallLots(input: $i) { ... on RecallPayload { recall { id } } ... on Problem { message } } }'
const list = 'query ($id: ID!) { recall(id: $id) { affectedFills { fillId order { id } patient { id } } } }'

export async function run(): Promise<void> {
  process.env['LOG_LEVEL'] ??= 'fatal'
  const server = await scratchServer()
  const database = await scratchDatabase(server, 'bench_recall')
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const running = await runSubgraph(inventory, {
    port: 0, host: '127.0.0.1', databaseUrl: database.url, natsUrl: '', seed: false, background: false, actorPublicJwk: JSON.stringify(await exportJWK(publicKey)),
  })
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  const keeper = actorWith('inventory')
  const token = await signActor(keeper, await exportJWK(privateKey), Math.floor(Date.now() / 1000) + 600)
  const ask = async (query: string, variables: object): Promise<any> => {
    const response = await fetch(running.url, { method: 'POST', headers: { 'content-type': 'application/json', 'x-actor': token }, body: JSON.stringify({ query, variables }) })
    const { data, errors } = (await response.json()) as { data: any; errors?: unknown }
    if (errors) throw new Error(JSON.stringify(errors))
    return data
  }
  /** Milliseconds from the mutation's start to the whole list in hand, and the list's length. */
  const trace = async (lotNumbers: string[]): Promise<{ openMs: number; listMs: number; people: number }> => {
    const started = performance.now()
    const { recallLots } = await ask(open, { i: { reference: newId(), ndcs: ['00591-0369-01'], lotNumbers, recallClass: 'I', reason: 'bench' } })
    const opened = performance.now()
    const { recall } = await ask(list, { id: recallLots.recall.id })
    return { openMs: Math.round(opened - started), listMs: Math.round(performance.now() - opened), people: new Set(recall.affectedFills.map(({ patient }: { patient: { id: string } }) => patient.id)).size }
  }
  try {
    await fillTables(client, keeper)
    await trace(['NONE']) // warm
    const one = await trace(['LOT1'])
    const everything = await trace(Array.from({ length: lots }, (_, index) => `LOT${index}`))
    const { rows: [last] } = await client.query<{ recall_id: string }>('select recall_id from recall_lot group by recall_id having count(*) = 1 limit 1')
    const indexed = await queryMs(client, last!.recall_id)
    await client.query('drop index dispense_record_lot_id_id_index')
    const scanned = await queryMs(client, last!.recall_id)

    if (one.people !== oneLot || everything.people !== fills) throw new Error(`the list is not complete: ${one.people} of ${oneLot}, ${everything.people} of ${fills}`)
    console.log(`${oneLot} of ${fills} fills: list complete after ${one.openMs + one.listMs} ms; all ${fills}: ${everything.openMs + everything.listMs} ms; the query ${indexed.toFixed(1)} ms by index, ${scanned.toFixed(1)} ms by scan`)
    console.log(JSON.stringify({ bench: 'recall', fills, one, everything, queryMs: { indexed, scanned }, ratioToScan: Number((scanned / indexed).toFixed(1)) }))
  } finally {
    await client.end()
    await running.stop()
    await database.drop()
    await server.stop()
  }
}

/** 100 lots, each dispensed to 1,000 patients, one line each, shipped. */
async function fillTables(client: pg.Client, { subject }: Actor): Promise<void> {
  const statements: [string, unknown[]][] = [
    [`insert into location (id, name, city, state, serves_states) values (gen_random_uuid(), 'Bench', 'San Francisco', 'CA', '{CA}')`, []],
    [`insert into lot (id, drug_id, ndc, batch_number, expiry_date, quantity_on_hand, quantity_reserved, location_id, status, status_by, received_at)
      select gen_random_uuid(), gen_random_uuid(), '0591-0369-01', 'LOT' || n, current_date + 400, 100, 0, (select id from location), 'AVAILABLE', $1, now() from generate_series(0, ${lots - 1}) n`, [subject]],
    [`create temp table line as select gen_random_uuid() as order_id, gen_random_uuid() as line_id, gen_random_uuid() as patient_id, lot.* from lot, generate_series(1, ${oneLot}) order by random()`, []],
    [`insert into stock_request (id, shipped_at) select order_id, now() from line`, []],
    [`insert into reservation (id, order_id, order_line_id, drug_id, status, quantity, keeps_until, expires_at) select gen_random_uuid(), order_id, line_id, drug_id, 'COMMITTED', 30, current_date, now() from line`, []],
    [`insert into dispense_record (id, fill_id, order_id, order_line_id, patient_id, drug_id, lot_id, ndc, batch_number, expiry_date, quantity, released_by, released_at, hash)
      select gen_random_uuid(), gen_random_uuid(), order_id, line_id, patient_id, drug_id, id, ndc, batch_number, expiry_date, 30, 'bench', now(), 'bench' from line`, []],
    ['analyze', []],
  ]
  for (const [text, params] of statements) await client.query(text, params)
}

/** The list's join in the database alone, the best of three. */
async function queryMs(client: pg.Client, recallId: string): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < 3; i++) {
    const started = performance.now()
    await client.query('select record.patient_id from recall_lot named join dispense_record record on record.lot_id = named.lot_id where named.recall_id = $1', [recallId])
    times.push(performance.now() - started)
  }
  return Number(Math.min(...times).toFixed(2))
}
