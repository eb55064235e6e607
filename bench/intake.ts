/**
 * A burst of prescriptions: `npm run bench -- intake [number]`. The prescriptions subgraph runs in this process on a PostgreSQL
 * and a NATS of its own. Every other one comes through the prescribers' portal (GraphQL), the others over the network (NCPDP
 * SCRIPT 2017071, signed), from sixteen senders at once. Measured are the answers (median and 95th percentile, first against
 * last tenth), the longest line of events, and the time from the last answer until every one is triaged; what is lost, doubled
 * or given up is counted. The peer in the same run is the bare statement: one insert of the same size on the same PostgreSQL.
 */
import { matchKey, webhookSecret } from '../subgraphs/prescriptions/test/settings.ts'
import pg from 'pg'
import { exportJWK, generateKeyPair } from 'jose'
import { checkEvent, clock, connectBroker, newId, runSubgraph, signActor, subjectOf, type Actor, type CloudEvent, type EventMap, type EventType } from '@pharmagraph/platform'
import { erxSignature } from '../subgraphs/prescriptions/src/erx/signature.ts'
import { matchTokens } from '../subgraphs/prescriptions/src/matching.ts'
import { prescriptions } from '../subgraphs/prescriptions/src/subgraph.ts'
import { eventually, scratchBroker, scratchDatabase, scratchServer } from '../tests/environment.ts'
import { inLanes, lanes, percentile, round } from './support/lanes.ts'

const defaultNumber = 1_000
const patientCount = 200
const npi = '1999000106'

type Drug = { drugId: string; ndc: string; ndc11: string; name: string }
type Patient = { id: string; family: string; given: string; dateOfBirth: string; phone: string }

export async function run([given]: readonly string[]): Promise<void> {
  const number = Number(given ?? defaultNumber)
  process.env['LOG_LEVEL'] ??= 'fatal'
  const [server, broker] = await Promise.all([scratchServer(), scratchBroker()])
  const database = await scratchDatabase(server, 'bench_intake')
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const privateJwk = await exportJWK(privateKey)
  const running = await runSubgraph(prescriptions, {
    port: 0, host: '127.0.0.1', databaseUrl: database.url, natsUrl: broker.url, seed: false, background: true, actorPublicJwk: JSON.stringify(await exportJWK(publicKey)),
  })
  const pool = new pg.Pool({ connectionString: database.url, max: lanes })
  const bus = await connectBroker(broker.url, 'bench')
  const one = async <Row>(sql: string): Promise<Row> => (await pool.query(sql)).rows[0] as Row
  const publish = async <Type extends EventType>(type: Type, subject: string, data: EventMap[Type]): Promise<void> => {
    checkEvent(type, data)
    const id = newId()
    const event: CloudEvent = {
      specversion: '1.0', id, source: '/bench', type, subject, time: new Date().toISOString(), datacontenttype: 'application/json', actor: 'system:bench', actorrole: 'system', correlationid: newId(), data,
    }
    await bus.jetstream.publish(subjectOf(type, subject), JSON.stringify(event), { msgID: id })
  }
  try {
    const practitionerId = newId()
    const patients = Array.from({ length: patientCount }, (_, n): Patient => ({
      id: newId(), family: `Family${'abcdefghij'[n % 10]}${'abcdefghij'[Math.floor(n / 10) % 10]}${'abcdefghij'[Math.floor(n / 100)]}`, given: 'Pat', dateOfBirth: '1970-02-03', phone: `415555${1000 + n}`,
    }))
    // each patient gets each drug once: what is prescribed twice is a duplicate and not reviewed
    const drugs = Array.from({ length: Math.ceil(number / patientCount) }, (_, n): Drug => ({ drugId: newId(), ndc: `${50101 + n}-0123-1`, ndc11: `${50101 + n}012301`, name: `substance${'abcdefghij'[n % 10]}${'abcdefghij'[Math.floor(n / 10) % 10]}` }))
    await publish('patients.practitioner-registered.v1', practitionerId, { practitionerId, npi, deaNumber: null, active: true, licenceStates: ['CA'], scheduleAuthority: [] })
    for (const { drugId, ndc, ndc11, name } of drugs) await publish('catalog.drug-published.v1', drugId, {
      drugId, version: 1, ndc, ndc11, name, genericName: name, ingredients: [{ rxcui: null, name, strength: '10 mg' }], dosageForm: 'TABLET', deaSchedule: 'NONE', rxOnly: true,
      packageSize: 100, dispensingUnit: 'TABLET', pharmacologicClass: null, therapeuticEquivalence: null, storageClass: 'CRT', priceMinor: 1000, currency: 'USD',
    })
    for (const { id, ...person } of patients) {
      await publish('patients.consent-changed.v1', id, { patientId: id, purpose: 'DISPENSING', granted: true, policyVersion: '1', version: 1 })
      await publish('patients.patient-registered.v1', id, { patientId: id, matchTokens: matchTokens(matchKey, { ...person, email: `${person.phone}@example.test` }) })
    }
    await eventually(async () => (await one<{ n: number }>('select ((select count(*) from patient_fact where registered) + (select count(*) from drug_fact) + (select count(*) from practitioner_fact))::int as n')).n === patientCount + drugs.length + 1, { within: 60_000 })

    const doctor: Actor = { subject: newId(), roles: ['prescriber'], scopes: [], amr: ['pwd', 'otp'], authTime: Math.floor(Date.now() / 1000), practitionerId }
    const headers = { 'content-type': 'application/json', 'x-actor': await signActor(doctor, privateJwk, Math.floor(Date.now() / 1000) + 3_600) }
    const byPortal = async ({ id: patientId }: Patient, { drugId }: Drug): Promise<void> => {
      const body = JSON.stringify({
        query: 'mutation ($input: SubmitPrescriptionInput!) { submitPrescription(input: $input) { __typename } }',
        variables: { input: { patientId, drugId, sig: 'Take 1 tablet daily.', quantity: 30, daysSupply: 30, refills: 2, idempotencyKey: newId() } },
      })
      const answer = (await (await fetch(running.url, { method: 'POST', headers, body })).json()) as { data?: { submitPrescription: { __typename: string } } }
      if (answer.data?.submitPrescription.__typename !== 'PrescriptionPayload') throw new Error(`refused: ${JSON.stringify(answer)}`)
    }
    const byNetwork = async (patient: Patient, drug: Drug): Promise<void> => {
      const body = newRx(patient, drug)
      const timestamp = String(Math.floor(Date.now() / 1000))
      const response = await fetch(new URL('/erx/script', running.url), { method: 'POST', body, headers: { 'content-type': 'application/xml', 'x-erx-timestamp': timestamp, 'x-erx-signature': erxSignature(webhookSecret, timestamp, body) } })
      const text = await response.text()
      if (!text.includes('<Code>010</Code>')) throw new Error(`refused: ${text}`)
    }

    let longestLine = 0
    const watch = setInterval(() => {
      void fetch(new URL('/metrics', running.url)).then((response) => response.text()).then((text) => {
        for (const [, value] of text.matchAll(/^consumer_pending\{[^}]*\} (\d+)$/gm)) longestLine = Math.max(longestLine, Number(value))
      }, () => {})
    }, 1_000)
    const began = performance.now()
    const submits = await inLanes(number, async (index) => {
      const at = performance.now()
      await (index % 2 ? byNetwork : byPortal)(patients[index % patientCount]!, drugs[Math.floor(index / patientCount)]!)
      return performance.now() - at
    })
    const answered = performance.now()
    await eventually(async () => (await one<{ n: number }>(`select count(*)::int as n from prescription where status <> 'RECEIVED'`)).n >= number, { within: number * 100 + 60_000 })
    const drainSeconds = (performance.now() - answered) / 1_000
    clearInterval(watch)

    await pool.query('create table peer_prescription (id uuid primary key, body jsonb not null, at timestamptz not null)')
    const peer = await inLanes(number, async (index) => {
      const at = performance.now()
      await pool.query('insert into peer_prescription values ($1, $2, now())', [newId(), JSON.stringify({ ...patients[index % patientCount], ...drugs[0], sig: 'Take 1 tablet daily.', quantity: 30 })])
      return performance.now() - at
    })
    const counted = await one<{ kept: number; messages: number; dead: number; states: Record<string, number> }>(`select
      (select count(*)::int from prescription) as kept, (select count(*)::int from intake_message) as messages, (select count(*)::int from dead_letter) as dead,
      (select json_object_agg(status, n) from (select status, count(*)::int as n from prescription group by 1) s) as states`)
    const tenth = Math.max(1, Math.floor(number / 10))
    const figures = {
      bench: 'intake', number, lanes, perSecond: round(number / ((answered - began) / 1_000)), p50Ms: percentile(submits, 0.5), p95Ms: percentile(submits, 0.95),
      firstTenthP95Ms: percentile(submits.slice(0, tenth), 0.95), lastTenthP95Ms: percentile(submits.slice(-tenth), 0.95),
      peerInsertP50Ms: percentile(peer, 0.5), ratioToPeerP50: round(percentile(submits, 0.5) / percentile(peer, 0.5)),
      longestLine, drainSeconds: round(drainSeconds), lost: number - counted.kept, deadLetters: counted.dead, states: counted.states,
    }
    console.log(`${number} prescriptions, ${figures.perSecond} a second: p50 ${figures.p50Ms} ms, p95 ${figures.p95Ms} ms (first tenth ${figures.firstTenthP95Ms}, last ${figures.lastTenthP95Ms}); bare insert p50 ${figures.peerInsertP50Ms} ms`)
    console.log(`triaged ${figures.drainSeconds} s after the last answer; at most ${longestLine} events in line; lost ${figures.lost}, given up ${counted.dead}; ${JSON.stringify(counted.states)}`)
    console.log(JSON.stringify(figures))
    if (figures.lost || figures.deadLetters) throw new Error('a prescription was lost or doubled')
  } finally {
    await bus.connection.close()
    await pool.end()
    await running.stop()
    await database.drop()
    await broker.stop()
    await server.stop()
  }
}

const newRx = ({ family, given, dateOfBirth, phone }: Patient, { ndc11, name }: Drug): string => `<?xml version="1.0" encoding="UTF-8"?>
<Message xmlns="http://www.ncpdp.org/schema/SCRIPT" version="2017071">
  <Header><To>PHARMAGRAPH</To><From>CLINIC</From><MessageID>${newId()}</MessageID><SentTime>${clock.now().toISOString()}</SentTime><PrescriberOrderNumber>${newId()}</PrescriberOrderNumber></Header>
  <Body><NewRx>
    <Patient><HumanPatient><Name><LastName>${family}</LastName><FirstName>${given}</FirstName></Name><Gender>F</Gender><DateOfBirth><Date>${dateOfBirth}</Date></DateOfBirth>
      <CommunicationNumbers><PrimaryTelephone><Number>${phone}</Number></PrimaryTelephone></CommunicationNumbers></HumanPatient></Patient>
    <Prescriber><NonVeterinarian><Identification><NPI>${npi}</NPI></Identification><Name><LastName>Petrova</LastName><FirstName>Elena</FirstName></Name></NonVeterinarian></Prescriber>
    <MedicationPrescribed><DrugDescription>${name} 10 MG Oral Tablet</DrugDescription><DrugCoded><ProductCode Qualifier="ND">${ndc11}</ProductCode></DrugCoded>
      <Quantity><Value>30</Value></Quantity><DaysSupply>30</DaysSupply><WrittenDate><Date>${clock.today()}</Date></WrittenDate><Substitutions>0</Substitutions><NumberOfRefills>1</NumberOfRefills>
      <Sig><SigText>Take 1 tablet by mouth daily.</SigText></Sig></MedicationPrescribed>
  </NewRx></Body>
</Message>`
