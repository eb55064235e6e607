/** A pharmacy to test in: the subgraph with its own NATS, a few known people and drugs, and the ways to move things on. */
import { after } from 'node:test'
import assert from 'node:assert/strict'
import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { addDays, clock, newId, type Actor, type EventMap } from '@pharmagraph/platform'
import { actorWith, eventually, testSubgraph } from '../../../tests/environment.ts'
import { erxSignature } from '../src/erx/signature.ts'
import { matchTokens } from '../src/matching.ts'
import { prescriptions } from '../src/subgraph.ts'
import { matchKey, webhookSecret } from './settings.ts'


/** What the e-prescribing network got from us. `refuseNext` makes it fail that often first. */
export const network = { messages: [] as string[], refuseNext: 0 }
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    if (network.refuseNext > 0) {
      network.refuseNext--
      response.writeHead(503).end()
      return
    }
    network.messages.push(Buffer.concat(chunks).toString())
    response.writeHead(200).end()
  })
})
await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
process.env['ERX_NETWORK_URL'] = `http://127.0.0.1:${(server.address() as { port: number }).port}`
after(() => void server.close())

export const subgraph = await testSubgraph(prescriptions, { background: true })

/** People who had the second factor just now. */
const fresh = { amr: ['pwd', 'otp'] }
export const nora = actorWith('pharmacist', { ...fresh, pharmacistId: newId() })
export const ken = actorWith('pharmacist', { ...fresh, pharmacistId: newId() })
export const grace = actorWith(['pharmacist', 'pharmacist-in-charge'], { ...fresh, pharmacistId: newId() })
export const tom = actorWith('technician', { technicianId: newId() })
export const elena = actorWith('prescriber', { ...fresh, practitionerId: newId() })
export const samuel = actorWith('prescriber', { ...fresh, practitionerId: newId() })
export const partner = actorWith('partner', { clientId: 'clinic' })
export const stranger = actorWith('patient', { patientId: newId() })

const known = (table: string, key: string, id: string): Promise<true> =>
  eventually(async () => (await subgraph.sql(`select 1 from ${table} where ${key} = $1`, [id])).length === 1, { what: `${table} ${id}` })

/** Seals a clinical profile as patients does, and waits until it is known. */
export async function knowProfile(patientId: string, version: number, profile: object): Promise<void> {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(hkdfSync('sha256', matchKey, '', 'clinical-profile', 32)), iv).setAAD(Buffer.from(`${patientId}|${version}`))
  const text = Buffer.concat([cipher.update(JSON.stringify({ allergies: [], conditions: [], birthYearMonth: '1980-05', sex: 'FEMALE', ...profile })), cipher.final()])
  await subgraph.publish('patients.clinical-profile-changed.v1', patientId, { patientId, version, sealed: ['v1', ...[iv, cipher.getAuthTag(), text].map((part) => part.toString('base64url'))].join('.') })
  await eventually(async () => (await subgraph.sql('select 1 from clinical_profile_fact where patient_id = $1 and version >= $2', [patientId, version])).length === 1, { what: 'profile' })
}

export type Person = { family: string; given: string; dateOfBirth: string; phone: string; email: string }
export type KnownPatient = Person & { id: string; actor: Actor }
let people = 0

/** Registers a patient who consents to dispensing. */
export async function registerPatient(person: Partial<Person> = {}, { consent = true } = {}): Promise<KnownPatient> {
  const id = newId()
  const n = ++people
  const whole = { family: `Family${'abcdefghij'[n % 10]}${'abcdefghij'[Math.floor(n / 10) % 10]}`, given: 'Pat', dateOfBirth: '1970-02-03', phone: `415555${String(1000 + n)}`, email: `pat${n}@example.test`, ...person }
  if (consent) await subgraph.publish('patients.consent-changed.v1', id, { patientId: id, purpose: 'DISPENSING', granted: true, policyVersion: '1', version: 1 })
  await subgraph.publish('patients.patient-registered.v1', id, { patientId: id, matchTokens: matchTokens(matchKey, whole) })
  const { family, given, dateOfBirth, phone } = whole
  await knowProfile(id, 1, { birthYearMonth: dateOfBirth.slice(0, 7), sex: 'UNKNOWN', person: { family, given, dateOfBirth, phone } })
  await eventually(async () => (await subgraph.sql('select 1 from patient_fact where patient_id = $1 and registered and dispensing_consent = $2', [id, consent])).length === 1, { what: 'patient' })
  return { ...whole, id, actor: actorWith('patient', { patientId: id }) }
}

type Drug = EventMap['catalog.drug-published.v1']
let drugs = 0
/** Publishes a drug to the projection; labeler 00501 to 00599, listed as 5-4-1. */
export async function publishDrug(about: Partial<Drug> & { genericName: string }): Promise<Drug> {
  const labeler = String(50100 + ++drugs)
  const drug: Drug = {
    drugId: newId(), version: 1, ndc: `${labeler}-0123-1`, ndc11: `${labeler}012301`, name: about.genericName, ingredients: [{ rxcui: null, name: about.genericName, strength: '10 mg' }],
    dosageForm: 'TABLET', deaSchedule: 'NONE', rxOnly: true, packageSize: 100, dispensingUnit: 'TABLET', pharmacologicClass: null, therapeuticEquivalence: null,
    storageClass: 'CRT', priceMinor: 1000, currency: 'USD', ...about,
  }
  await subgraph.publish('catalog.drug-published.v1', drug.drugId, drug)
  await known('drug_fact', 'drug_id', drug.drugId)
  return drug
}

export async function publishInteraction(a: string, b: string, severity: EventMap['catalog.interaction-published.v1']['severity'], interactionId = `${a}-${b}`): Promise<void> {
  await subgraph.publish('catalog.interaction-published.v1', interactionId, {
    interactionId, knowledgeVersion: '2026.1', aMembers: [a], bMembers: [b], severity, effect: `${a} and ${b} do harm`, management: 'Avoid', evidence: 'Label section 7',
  })
  await known('interaction_fact', 'interaction_id', interactionId)
}

export const npis = { elena: '1999000106', samuel: '1999000114' }
async function registerPractitioner(actor: Actor, npi: string, deaNumber: string | null): Promise<void> {
  const practitionerId = actor.practitionerId!
  await subgraph.publish('patients.practitioner-registered.v1', practitionerId, {
    practitionerId, npi, deaNumber, active: true, licenceStates: ['CA'], scheduleAuthority: deaNumber ? ['CII', 'CIII', 'CIV', 'CV'] : [],
  })
  await known('practitioner_fact', 'practitioner_id', practitionerId)
}
await registerPractitioner(elena, npis.elena, 'FP9902013')
await registerPractitioner(samuel, npis.samuel, null)

export type Outcome = { __typename: string } & Record<string, any>

const problemFields = `
  __typename
  ... on LeaseLost { code message } ... on TransitionRefused { code message allowed } ... on SeparationOfDuties { code message }
  ... on InvalidInput { code message field } ... on StepUpRequired { code message acrValues maxAgeSeconds }
  ... on ReviewIncomplete { code message missing openAlerts { id kind reasonCode severity message open evidence knowledgeVersion } }
  ... on WrongProduct { code message expected scanned }`
const membersOf: Record<string, string> = {
  submitPrescription: 'InvalidInput', completeDataEntry: 'LeaseLost TransitionRefused SeparationOfDuties InvalidInput', overrideAlert: 'LeaseLost TransitionRefused SeparationOfDuties InvalidInput',
  rejectPrescription: 'LeaseLost TransitionRefused SeparationOfDuties InvalidInput', requestClarification: 'LeaseLost TransitionRefused SeparationOfDuties InvalidInput',
  verifyPrescription: 'LeaseLost TransitionRefused SeparationOfDuties StepUpRequired ReviewIncomplete', scanFill: 'LeaseLost TransitionRefused WrongProduct InvalidInput',
  dispensePart: 'LeaseLost TransitionRefused InvalidInput', returnFillToStock: 'TransitionRefused InvalidInput', substituteDrug: 'TransitionRefused InvalidInput',
  amendPrescription: 'TransitionRefused StepUpRequired InvalidInput', allowEarlyRefill: 'TransitionRefused StepUpRequired InvalidInput',
  requestRefill: 'TransitionRefused', cancelRefill: 'TransitionRefused', setAutoRefill: 'TransitionRefused',
  submitFill: 'LeaseLost TransitionRefused SeparationOfDuties StepUpRequired', checkFill: 'LeaseLost TransitionRefused SeparationOfDuties StepUpRequired', releaseFill: 'LeaseLost TransitionRefused SeparationOfDuties StepUpRequired',
}
/** Runs a mutation and answers with the member of its result union, or with `code` of the error thrown. */
export async function act(actor: Actor, mutation: string, input: Record<string, unknown>): Promise<Outcome> {
  const problems = problemFields.split(/(?=\.\.\.)/).filter((fragment) => (membersOf[mutation] ?? '').split(' ').some((name) => fragment.includes(`on ${name} `))).join(' ')
  const payload = /Fill$|^dispensePart$|^returnFill/.test(mutation)
    ? '... on FillPayload { fill { id status number quantity partCause lots { lotNumber ndc quantity scanned } allowedActions } }'
    : /^(request|cancel)Refill$/.test(mutation)
      ? '... on RefillPayload { refillRequest { id status origin dueOn reason { code message } rule { rule source } allowedActions } }'
      : '... on PrescriptionPayload { prescription { id number status allowedActions contentHash } }'
  const inputType = { submitFill: 'HeldFillInput', checkFill: 'HeldFillInput' }[mutation] ?? `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`
  const answer = await subgraph.graph(actor, `mutation ($input: ${inputType}!) { ${mutation}(input: $input) { __typename ${payload} ${problems} } }`, { input })
  if (answer.errors) return { __typename: 'Error', ...answer.errors[0]!.extensions, code: answer.errors[0]!.extensions['code'], message: answer.errors[0]!.message }
  return answer.data[mutation]
}

export type Claim = { token: number; leaseUntil: string; item: { id: string; state: string; attempt: number; prescription: { id: string } | null; fill: { id: string; status: string } | null } }
const claimFields = 'token leaseUntil item { id state attempt prescription { id } fill { id status } }'
export const claimNext = async (actor: Actor, queue: string): Promise<Claim | null> =>
  (await subgraph.data(actor, `mutation ($queue: WorkQueueName!) { claimNextWorkItem(input: { queue: $queue }) { ${claimFields} } }`, { queue })).claimNextWorkItem
export const claimNamed = async (actor: Actor, id: string): Promise<Claim> =>
  (await subgraph.data(actor, `mutation ($id: ID!) { claimWorkItem(input: { workItemId: $id }) { ${claimFields} } }`, { id })).claimWorkItem
export const held = ({ item, token }: Claim): { workItemId: string; token: number } => ({ workItemId: item.id, token })

export const statusOf = async (id: string): Promise<string> => (await subgraph.sql<{ status: string }>('select status from prescription where id = $1', [id]))[0]?.status ?? 'none'
export const untilPrescription = (id: string, status: string): Promise<true> => eventually(async () => (await statusOf(id)) === status, { what: `prescription ${status}` })

/** The open item of a queue for a prescription or a fill, once it is there. */
export const itemOf = (queue: string, subject: string): Promise<string> =>
  eventually(async () => (await subgraph.sql<{ id: string }>(
    `select id from work_item where queue = $1 and status in ('AVAILABLE', 'CLAIMED', 'ESCALATED') and (case when queue in ('FILL', 'PRODUCT_CHECK') then fill_id else prescription_id end) = $2`, [queue, subject]))[0]?.id, { what: `item of ${queue}` })

/** Gives an item to somebody, past the queue's order and what they hold, which these tests are not about. */
export async function claimFor(actor: Actor, queue: string, subject: string): Promise<Claim> {
  const id = await itemOf(queue, subject)
  await subgraph.sql(`update work_item set status = 'AVAILABLE', claimed_by = null where queue = $1 and claimed_by = $2 and status = 'CLAIMED' and id <> $3`, [queue, actor.subject, id])
  await subgraph.sql('update work_item set priority = case when id = $2 then 1 else 50 end where queue = $1', [queue, id])
  const claim = await claimNext(actor, queue)
  assert.equal(claim?.item.id, id)
  return claim!
}

export type Written = { patientId: string; drugId: string; patientAddress?: object; sig?: string; quantity?: number; daysSupply?: number | null; refills?: number; daw?: number; earliestFillDate?: string; idempotencyKey?: string }
/** A prescriber's submission, through the portal. */
export async function submit(prescription: Written, by = elena): Promise<string> {
  const outcome = await act(by, 'submitPrescription', { sig: 'Take 1 tablet daily.', quantity: 30, daysSupply: 30, refills: 2, idempotencyKey: newId(), ...prescription })
  assert.equal(outcome.__typename, 'PrescriptionPayload', JSON.stringify(outcome))
  return outcome['prescription'].id
}

/** A verified prescription. */
export async function verified(prescription: Written, pharmacist = nora): Promise<string> {
  const id = await submit(prescription)
  await untilPrescription(id, 'CLINICAL_REVIEW')
  const claim = held(await claimFor(pharmacist, 'VERIFICATION', id))
  // the state's monitoring programme may still have to answer
  const asked = (outcome: Outcome): boolean => outcome.__typename !== 'ReviewIncomplete' || !String(outcome['missing']).includes('monitoring programme')
  const outcome = await eventually(async () => [await act(pharmacist, 'verifyPrescription', claim)].find(asked), { what: 'verification' })
  assert.equal(outcome.__typename, 'PrescriptionPayload', JSON.stringify(outcome))
  return id
}

export type OrderedFill = { orderId: string; orderLineId: string; id: string; status: string; reason: string | null; next_eligible_at: string | null }
/** Places an order for a prescription and waits for the fill's screening. */
export async function order(prescriptionId: string, patientId: string, drugId: string, quantity = 30): Promise<OrderedFill> {
  const [orderId, orderLineId] = [newId(), newId()]
  await subgraph.publish('orders.order-placed.v1', orderId, {
    orderId, patientId, addressId: newId(), totalMinor: 1000, currency: 'USD', lines: [{ orderLineId, drugId, prescriptionId, quantity }],
  })
  const fill = await eventually(async () => (await subgraph.sql<{ id: string; status: string; reason: string | null; next_eligible_at: string | null }>(
    'select id, status, status_reason_code as reason, next_eligible_at::text from fill where order_line_id = $1', [orderLineId]))[0], { what: 'fill' })
  return { orderId, orderLineId, ...fill }
}

export const lot = (drug: Drug, about: object = {}) => ({ lotId: newId(), lotNumber: 'A123', ndc: drug.ndc, expiryDate: addDays(clock.today(), 400), locationId: newId(), quantity: 30, ...about })
export async function holdStock({ orderId, orderLineId }: OrderedFill, drug: Drug, allocations = [lot(drug)]): Promise<void> {
  await subgraph.publish('inventory.stock-held.v1', orderId, { orderId, expiresAt: new Date(Date.now() + 86_400_000).toISOString(), lines: [{ reservationId: newId(), orderLineId, drugId: drug.drugId, allocations }] })
}
export const readyToFill = (orderId: string, patientId: string): Promise<string> => subgraph.publish('orders.order-ready-to-fill.v1', orderId, { orderId, patientId })
export const fillStatus = async (id: string): Promise<string> => (await subgraph.sql<{ status: string }>('select status from fill where id = $1', [id]))[0]?.status ?? 'none'
export const untilFill = (id: string, status: string): Promise<true> => eventually(async () => (await fillStatus(id)) === status, { what: `fill ${status}` })

/** Takes an accepted fill to the bench. */
export async function atTheBench(prescriptionId: string, patientId: string, drug: Drug, quantity = 30): Promise<OrderedFill> {
  const fill = await order(prescriptionId, patientId, drug.drugId, quantity)
  assert.equal(fill.status, 'SCREENING', fill.reason ?? '')
  await holdStock(fill, drug, [lot(drug, { quantity })])
  await readyToFill(fill.orderId, patientId)
  await itemOf('FILL', fill.id)
  return fill
}

/** Scans, submits, checks, up to PACKED. */
export async function packed(prescriptionId: string, patientId: string, drug: Drug, { filler = tom, checker = nora, quantity = 30 } = {}): Promise<OrderedFill> {
  const fill = await atTheBench(prescriptionId, patientId, drug, quantity)
  const claim = await claimFor(filler, 'FILL', fill.id)
  for (const outcome of [await act(filler, 'scanFill', { ...held(claim), barcode: `${drug.ndc} A123` }), await act(filler, 'submitFill', held(claim))]) {
    assert.equal(outcome.__typename, 'FillPayload', JSON.stringify(outcome))
  }
  const checked = await act(checker, 'checkFill', held(await claimFor(checker, 'PRODUCT_CHECK', fill.id)))
  assert.equal(checked['fill']?.status, 'PACKED', JSON.stringify(checked))
  return fill
}

/** Posts a raw body, signed as the network signs. */
export async function post(path: string, body: string, { contentType = 'application/xml', headers = {} }: { contentType?: string; headers?: Record<string, string> } = {}): Promise<{ status: number; text: string; headers: Headers }> {
  const timestamp = String(Math.floor(clock.now().getTime() / 1000))
  const response = await fetch(new URL(path, subgraph.url), {
    method: 'POST', body,
    headers: { 'content-type': contentType, 'x-erx-timestamp': timestamp, 'x-erx-signature': erxSignature(webhookSecret, timestamp, body), ...headers },
  })
  return { status: response.status, text: await response.text(), headers: response.headers }
}

/** Sets what was dispensed of a prescription so many days back. */
export async function age(prescriptionId: string, days: number): Promise<void> {
  await subgraph.sql(`update fill set released_at = released_at - $2 * interval '1 day' where prescription_id = $1`, [prescriptionId, days])
  await subgraph.sql(`update owed_balance set first_at = first_at - $2 * interval '1 day', deadline = deadline - $2 * interval '1 day' where prescription_id = $1`, [prescriptionId, days])
  await subgraph.sql('update prescription set supply_until = supply_until - $2::int where id = $1', [prescriptionId, days])
}
