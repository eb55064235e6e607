import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import fc from 'fast-check'
import { addDays, canonicalJson, clock, newId, transact, type Actor } from '@pharmagraph/platform'
import { actorWith, eventually } from '../../../tests/environment.ts'
import type { PrescriptionContent } from '../src/content.ts'
import { Prescription } from '../src/entities/prescription.ts'
import { readMedicationRequest } from '../src/fhir/medication-request.ts'
import { readReported } from '../src/fhir/reported.ts'
import type { MedicationRequest } from '../src/fhir/r4.ts'
import { writeContent } from '../src/fhir/write-medication-request.ts'
import { services } from '../src/services.ts'
import { act, claimFor, elena, held, ken, nora, npis, packed, partner, post, publishDrug, publishInteraction, registerPatient, samuel, stranger, subgraph, untilPrescription, verified, type KnownPatient } from './pharmacy.ts'

const today = clock.today()
const amoxicillin = await publishDrug({ genericName: 'amoxicillin' })
const lisinopril = await publishDrug({ genericName: 'lisinopril' })
const warfarin = await publishDrug({ genericName: 'warfarin' })
const aspirin = await publishDrug({ genericName: 'aspirin' })
await publishInteraction('warfarin', 'aspirin', 'MAJOR')

const get = async (path: string, actor: Actor) => {
  const response = await fetch(new URL(path, subgraph.url), { headers: await subgraph.headersFor(actor) })
  return { status: response.status, resource: (await response.json()) as Record<string, any> }
}
const send = async (body: object, path = '/fhir/R4', actor = partner) => {
  const { status, text } = await post(path, JSON.stringify(body), { contentType: 'application/fhir+json', headers: await subgraph.headersFor(actor) })
  return { status, resource: JSON.parse(text) as Record<string, any> }
}
const entries = (resource: Record<string, any>): Record<string, any>[] => resource['entry'].map(({ resource: each }: { resource: object }) => each)

/** Any content as the mapped fields can say it. */
const words = fc.stringMatching(/^[A-Za-z][A-Za-z0-9 .,'-]{0,30}[A-Za-z0-9]$/)
const day = fc.integer({ min: 0, max: 3000 }).map((n) => addDays('2020-01-01', n))
const record = <Shape extends object>(required: { [Name in keyof Shape]: fc.Arbitrary<Shape[Name]> }, optional: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record({ ...required, ...optional }, { requiredKeys: Object.keys(required) as never, noNullPrototype: true }) as fc.Arbitrary<never>
const address = record({}, { line1: words, line2: words, city: words, state: fc.constantFrom('CA', 'TX', 'NY'), postalCode: fc.constantFrom('94103', '10001') })
const anyContent: fc.Arbitrary<PrescriptionContent> = day.chain((issueDate) => record({
  patient: record({ family: words, given: words }, { id: fc.uuid(), dateOfBirth: day, sex: fc.constantFrom('female', 'male', 'other', 'unknown'), phone: fc.constant('4155550100'), email: fc.emailAddress(), address }),
  prescriber: record({ npi: fc.constant('1999000106') }, { dea: fc.constant('FP9902013'), family: words, given: words, phone: fc.constant('4155550101'), address }),
  drug: record({ text: words }, { ndc: fc.constant('50101-0123-1') }),
  sig: words, quantity: fc.integer({ min: 1, max: 100_000 }).map((n) => n / 10), daysSupply: fc.option(fc.integer({ min: 1, max: 365 })), refills: fc.integer({ min: 0, max: 99 }),
  daw: fc.integer({ min: 0, max: 9 }), issueDate: fc.constant(issueDate), earliestFillDate: fc.option(fc.integer({ min: 1, max: 90 }).map((n) => addDays(issueDate, n))),
  evaluationBasis: fc.constantFrom('IN_PERSON', 'TELEMED_TEMP_RULE', 'SPECIAL_REG', 'VA', 'BUPRENORPHINE'),
}, {
  note: words, conditionCode: fc.constantFrom('A', 'D', 'F'),
  reported: record({ allergies: fc.array(fc.tuple(record({ display: words }, { criticality: fc.constantFrom('low', 'high') }), fc.constantFrom({}, { code: '91936005' }, { system: 'http://snomed.info/sct', code: '91936005' })).map(([allergy, coding]) => ({ ...(allergy as object), ...coding })), { minLength: 1, maxLength: 3 }) }, {
    coverage: record({}, { payer: words, memberId: words, group: words, plan: words }),
  }),
}))

test('ours to FHIR to ours is the identity on every mapped field', () => {
  fc.assert(fc.property(anyContent, (content) => {
    const request = { resourceType: 'MedicationRequest', status: 'active', intent: 'order', ...writeContent(content) } as MedicationRequest
    const sent = JSON.parse(JSON.stringify(request)) as MedicationRequest
    assert.deepEqual({ ...readMedicationRequest(sent, () => undefined), ...readReported(sent, []) }, content)
  }), { numRuns: 300 })
})

test('a prescription read over FHIR and sent back is the same prescription', async () => {
  const patient = await registerPatient()
  const id = await verified({ patientId: patient.id, drugId: lisinopril.drugId, daw: 7 })
  const { status, resource } = await get(`/fhir/R4/MedicationRequest/${id}`, nora)
  assert.deepEqual([status, resource['status'], resource['substitution'].allowedBoolean], [200, 'active', false])
  const content = await transact(subgraph.running.orm, async (em) => {
    const row = await em.findOneOrFail(Prescription, { id })
    return services().vault.open<PrescriptionContent>(em, row.sealedFor, row.sealed)
  })
  assert.deepEqual(readMedicationRequest(resource as MedicationRequest, () => undefined), content)
})

test('a released fill is a MedicationDispense in progress, with its lots, found by prescription and by patient', async () => {
  const patient = await registerPatient()
  const id = await verified({ patientId: patient.id, drugId: lisinopril.drugId })
  const fill = await packed(id, patient.id, lisinopril)
  assert.equal((await get(`/fhir/R4/MedicationDispense/${fill.id}`, nora)).resource['status'], 'preparation')
  await act(ken, 'releaseFill', { fillId: fill.id })
  const { resource } = await get(`/fhir/R4/MedicationDispense/${fill.id}`, patient.actor)
  assert.deepEqual([resource['status'], resource['authorizingPrescription'], resource['quantity'], resource['daysSupply'].value, resource['type'].coding[0].code],
    ['in-progress', [{ reference: `MedicationRequest/${id}` }], { value: 30 }, 30, 'FF'])
  assert.ok(JSON.stringify(resource['extension']).includes('A123'))
  for (const [query, actor] of [[`prescription=MedicationRequest/${id}`, nora], [`patient=Patient/${patient.id}`, nora], [`patient=${patient.id}`, patient.actor], [`prescription=${id}`, elena]] as const) {
    const found = await get(`/fhir/R4/MedicationDispense?${query}`, actor)
    assert.deepEqual([found.status, found.resource['type'], entries(found.resource).map((each) => each['id'])], [200, 'searchset', [fill.id]], query)
  }
})

test('an alert and its answer are a DetectedIssue, for professionals', async () => {
  const patient = await registerPatient()
  await verified({ patientId: patient.id, drugId: warfarin.drugId })
  const { resource: { id } }: { resource: Record<string, any> } = await send({
    resourceType: 'MedicationRequest', status: 'active', intent: 'order', identifier: [{ system: 'urn:clinic', value: newId() }], medicationCodeableConcept: { coding: [{ system: 'http://hl7.org/fhir/sid/ndc', code: aspirin.ndc }], text: 'aspirin' },
    subject: { identifier: { system: 'urn:pharmagraph:patient', value: patient.id } }, requester: { identifier: { system: 'http://hl7.org/fhir/sid/us-npi', value: npis.elena } }, authoredOn: today,
    dosageInstruction: [{ text: 'Take one daily' }], dispenseRequest: { quantity: { value: 30 }, expectedSupplyDuration: { value: 30, code: 'd' } },
  }, '/fhir/R4/MedicationRequest')
  await untilPrescription(id, 'CLINICAL_REVIEW')
  const [open] = entries((await get(`/fhir/R4/DetectedIssue?implicated=MedicationRequest/${id}`, nora)).resource)
  assert.deepEqual([open!['status'], open!['severity'], open!['code'].coding[0], open!['implicated'].length], ['preliminary', 'high', { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'DRG' }, 2])
  const claim = held(await claimFor(nora, 'VERIFICATION', id))
  await act(nora, 'overrideAlert', { ...claim, alertId: open!['id'], professionalService: 'M0', result: '1G', text: 'INR is watched' })
  const { resource } = await get(`/fhir/R4/DetectedIssue/${open!['id']}`, elena)
  assert.deepEqual([resource['status'], resource['mitigation'][0].action.text], ['final', 'Prescriber consulted; Filled with prescriber approval; INR is watched'])
  assert.deepEqual(entries((await get(`/fhir/R4/DetectedIssue?patient=${patient.id}`, patient.actor)).resource), [])
  assert.equal((await get(`/fhir/R4/DetectedIssue/${open!['id']}`, samuel)).status, 404)
})

test('the Provenance of a prescription carries signatures that verify over its canonical content', async () => {
  const patient = await registerPatient()
  const id = await verified({ patientId: patient.id, drugId: lisinopril.drugId })
  const [provenance] = entries((await get(`/fhir/R4/Provenance?target=MedicationRequest/${id}`, elena)).resource)
  assert.deepEqual(provenance!['signature'].map((each: { type: { code: string }[] }) => each.type[0]!.code), ['1.2.840.10065.1.12.1.14', '1.2.840.10065.1.12.1.5'])
  const content = await transact(subgraph.running.orm, async (em) => {
    const row = await em.findOneOrFail(Prescription, { id })
    return services().vault.open<PrescriptionContent>(em, row.sealedFor, row.sealed)
  })
  const keyId = provenance!['signature'][0].extension[0].valueString
  const raw = services().signer.publicKeys().find((key) => key.keyId === keyId)!.publicKey
  const key = createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(raw, 'base64')]), format: 'der', type: 'spki' })
  assert.ok(verify(null, Buffer.from(canonicalJson({ prescriptionId: id, content })), key, Buffer.from(provenance!['signature'][0].data, 'base64')))
  assert.equal((await get(`/fhir/R4/Provenance/${id}`, patient.actor)).resource['target'][0].reference, `MedicationRequest/${id}`)
})

test('a stranger finds and reads nothing, and a search without its subject is refused', async () => {
  const patient = await registerPatient()
  const id = await verified({ patientId: patient.id, drugId: lisinopril.drugId })
  for (const actor of [stranger, samuel, actorWith('partner', { clientId: 'other' })]) {
    for (const type of ['MedicationRequest', 'Provenance', 'MedicationDispense', 'DetectedIssue']) {
      const found = await get(`/fhir/R4/${type}?patient=${patient.id}`, actor)
      assert.deepEqual([found.status, entries(found.resource)], [200, []], type)
    }
    for (const type of ['MedicationRequest', 'Provenance']) assert.equal((await get(`/fhir/R4/${type}/${id}`, actor)).status, 404)
  }
  assert.deepEqual([(await get('/fhir/R4/MedicationDispense', nora)).status, (await get('/fhir/R4/MedicationDispense?patient=x', nora)).status, (await get(`/fhir/R4/Provenance?target=${id}&_count=0`, nora)).status], [400, 400, 400])
  assert.equal((await get('/fhir/R4/metadata', stranger)).resource['rest'][0].resource.length, 4)
})

test('a search comes page by page, and the next link goes on where the last one ended', async () => {
  const patient = await registerPatient()
  const ids: string[] = []
  for (const drug of [lisinopril, amoxicillin, warfarin]) ids.push(await verified({ patientId: patient.id, drugId: drug.drugId }))
  const seen: string[] = []
  let url: string | undefined = `/fhir/R4/MedicationRequest?patient=${patient.id}&_count=2`
  while (url) {
    const { resource }: { resource: Record<string, any> } = await get(url, patient.actor)
    seen.push(...entries(resource).map((each) => each['id']))
    url = resource['link'].find(({ relation }: { relation: string }) => relation === 'next')?.url
  }
  assert.deepEqual(seen, [...ids].sort())
})

const person = ({ family, given, dateOfBirth, email }: KnownPatient) => ({ resourceType: 'Patient', name: [{ family, given: [given] }], birthDate: dateOfBirth, telecom: [{ system: 'email', value: email }] })

test('an allergy and a coverage that come with the order are kept with it: the allergy is reviewed, both come back', async () => {
  const patient = await registerPatient()
  const [p, d, m, c, a, other] = Array.from({ length: 6 }, () => `urn:uuid:${newId()}`)
  const allergy = (about: object) => ({ resourceType: 'AllergyIntolerance', clinicalStatus: { coding: [{ code: 'active' }] }, patient: { reference: p }, code: { text: 'Allergy to penicillin' }, ...about })
  const { status, resource } = await send({
    resourceType: 'Bundle', type: 'transaction',
    entry: [
      { fullUrl: p, resource: person(patient) }, { fullUrl: d, resource: { resourceType: 'Practitioner', identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: npis.elena }] } },
      { fullUrl: a, resource: allergy({}) }, { fullUrl: other, resource: allergy({ patient: { reference: 'Patient/somebody-else' }, code: { text: 'Allergy to sulfonamides' } }) },
      { resource: allergy({ clinicalStatus: { coding: [{ code: 'resolved' }] }, code: { text: 'Allergy to eggs' } }) },
      { fullUrl: c, resource: { resourceType: 'Coverage', status: 'active', beneficiary: { reference: p }, subscriberId: '888009335', payor: [{ display: 'Acme Health' }] } },
      { fullUrl: m, resource: {
        resourceType: 'MedicationRequest', status: 'active', intent: 'order', identifier: [{ system: 'urn:clinic', value: newId() }], medicationCodeableConcept: { coding: [{ system: 'http://hl7.org/fhir/sid/ndc', code: amoxicillin.ndc }], text: 'Amoxicillin 10 mg tablet' },
        subject: { reference: p }, requester: { reference: d }, authoredOn: today, insurance: [{ reference: c }], dosageInstruction: [{ text: 'Take one daily' }], dispenseRequest: { quantity: { value: 30 }, expectedSupplyDuration: { value: 30, code: 'd' } },
      } },
    ],
  })
  assert.equal(status, 200, JSON.stringify(resource))
  const id = resource['entry'].at(-1).resource.id as string
  await untilPrescription(id, 'CLINICAL_REVIEW')
  const { prescription } = await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { alerts { kind severity message open } } }', { id })
  assert.deepEqual(prescription.alerts, [{ kind: 'ALLERGY', severity: 'MAJOR', message: 'amoxicillin is one of the penicillins, to which an allergy is on record', open: true }])
  const { contained } = (await get(`/fhir/R4/MedicationRequest/${id}`, partner)).resource as { contained: Record<string, any>[] }
  assert.deepEqual(contained.filter(({ resourceType }) => resourceType === 'AllergyIntolerance').map(({ code }) => code.text), ['Allergy to penicillin'])
  assert.deepEqual(contained.find(({ resourceType }) => resourceType === 'Coverage')?.['payor'], [{ display: 'Acme Health' }])
})

test('S50 S87 a partner learns what was dispensed on its order only while the patient consents to EXCHANGE, and not a moment longer', async () => {
  const patient = await registerPatient()
  const sent = await send(order(patient), '/fhir/R4/MedicationRequest')
  const id = sent.resource['id'] as string
  await untilPrescription(id, 'CLINICAL_REVIEW')
  assert.equal((await act(nora, 'verifyPrescription', held(await claimFor(nora, 'VERIFICATION', id)))).__typename, 'PrescriptionPayload')
  const fill = await packed(id, patient.id, lisinopril)
  let version = 0
  const consent = async (granted: boolean) => {
    await subgraph.publish('patients.consent-changed.v1', patient.id, { patientId: patient.id, purpose: 'EXCHANGE', granted, policyVersion: '1', version: ++version })
    await eventually(async () => (await subgraph.sql('select 1 from patient_fact where patient_id = $1 and exchange_consent_version = $2', [patient.id, version])).length === 1)
  }
  const seen = async (actor: Actor) => {
    const [one, all] = [await get(`/fhir/R4/MedicationDispense/${fill.id}`, actor), await get(`/fhir/R4/MedicationDispense?prescription=${id}`, actor)]
    return [one.status, all.status, all.resource['entry'].length]
  }
  assert.deepEqual([await seen(partner), await seen(elena), await seen(patient.actor)], [[404, 200, 0], [200, 200, 1], [200, 200, 1]])
  assert.equal((await get(`/fhir/R4/MedicationRequest/${id}`, partner)).status, 200, 'its own order it may always see')
  await consent(true)
  assert.deepEqual([await seen(partner), await seen(actorWith('partner'))], [[200, 200, 1], [404, 200, 0]])
  await consent(false)
  assert.deepEqual(await seen(partner), [404, 200, 0])
})

const contained = (patient: KnownPatient): object[] => [
  { resourceType: 'Patient', id: 'patient', name: [{ family: patient.family, given: [patient.given] }], birthDate: patient.dateOfBirth, telecom: [{ system: 'email', value: patient.email }] },
  { resourceType: 'Practitioner', id: 'prescriber', identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: npis.elena }] },
]
const order = (patient: KnownPatient, about: object = {}): Record<string, any> => ({
  resourceType: 'MedicationRequest', status: 'active', intent: 'order', identifier: [{ system: 'urn:clinic', value: newId() }], contained: contained(patient),
  medicationCodeableConcept: { coding: [{ system: 'http://hl7.org/fhir/sid/ndc', code: lisinopril.ndc }], text: 'Lisinopril 10 MG Oral Tablet' },
  subject: { reference: '#patient' }, requester: { reference: '#prescriber' }, authoredOn: today, dosageInstruction: [{ text: 'Take one daily' }],
  dispenseRequest: { numberOfRepeatsAllowed: 1, quantity: { value: 30, unit: 'tablet' }, expectedSupplyDuration: { value: 30, code: 'd' } }, ...about,
})
const told = ({ resource }: { resource: Record<string, any> }): [string | undefined, string][] => resource['issue'].map(({ expression, diagnostics }: { expression?: string[]; diagnostics: string }) => [expression?.[0], diagnostics])

test('S87 what is not of the type FHIR says is refused by its path, wherever it stands, and makes no prescription', async () => {
  const patient = await registerPatient()
  const whole = order(patient)
  const places: string[][] = []
  const walk = (value: unknown, path: string[]): void => {
    if (path.length) places.push(path)
    if (typeof value === 'object' && value !== null) for (const [name, inner] of Object.entries(value)) walk(inner, [...path, name])
  }
  walk(whole, [])
  for (const path of places) {
    for (const wrong of [null, 5.5, [[null]], { a: 1 }]) {
      const body = structuredClone(whole)
      const parent = path.slice(0, -1).reduce<Record<string, any>>((at, name) => at[name] as Record<string, any>, body)
      // an object without the members that are looked for says nothing wrong, only nothing
      if (typeof wrong === 'object' && wrong !== null && !Array.isArray(wrong) && typeof parent[path.at(-1)!] === 'object') continue
      if (typeof wrong === 'number' && typeof parent[path.at(-1)!] === 'number') continue
      parent[path.at(-1)!] = wrong
      const answer = await send(body)
      assert.equal(answer.status, 400, `${path.join('.')} = ${JSON.stringify(wrong)}: ${JSON.stringify(answer.resource)}`)
      assert.equal(answer.resource['resourceType'], 'OperationOutcome')
    }
  }
  assert.deepEqual(told(await send(order(patient, { note: [{ text: 'a' }, { text: 7 }] }))), [['MedicationRequest.note[1].text', 'MedicationRequest.note[1].text must be a text']])
  assert.equal((await subgraph.sql('select 1 from prescription where patient_id = $1', [patient.id])).length, 0)
})

test('S87 all that an order lacks is told at once, each by its path', async () => {
  const patient = await registerPatient()
  const answer = await send(order(patient, { dosageInstruction: undefined, authoredOn: undefined, requester: undefined, dispenseRequest: { expectedSupplyDuration: { value: 1, code: 'a' } } }))
  assert.equal(answer.status, 400)
  assert.deepEqual(told(answer).map(([path]) => path?.replace('MedicationRequest.', '')), ['requester', 'dosageInstruction', 'dispenseRequest.quantity', 'authoredOn', 'dispenseRequest.expectedSupplyDuration'])
})

test('S87 an order that means something else is never taken for one: not to be given, reported only, modified, counted in boxes', async () => {
  const patient = await registerPatient()
  const refused = async (about: object): Promise<[number, string | undefined]> => {
    const answer = await send(order(patient, about))
    return [answer.status, told(answer)[0]?.[0]?.replace('MedicationRequest.', '')]
  }
  const dispense = (about: object) => ({ dispenseRequest: { ...order(patient)['dispenseRequest'], ...about } })
  assert.deepEqual(await refused({ doNotPerform: true }), [400, 'status'])
  assert.deepEqual(await refused({ reportedBoolean: true }), [400, 'status'])
  assert.deepEqual(await refused({ modifierExtension: [{ url: 'urn:taper' }] }), [400, 'modifierExtension'])
  assert.deepEqual(await refused({ contained: [{ ...contained(patient)[0], modifierExtension: [] }, contained(patient)[1]] }), [400, 'contained[0].modifierExtension'])
  assert.deepEqual(await refused({ implicitRules: 'urn:other' }), [400, 'implicitRules'])
  for (const unit of ['box', 'bottle', 'Monat']) assert.deepEqual(await refused(dispense({ quantity: { value: 1, unit } })), [400, 'dispenseRequest.quantity.unit'], unit)
  assert.deepEqual(await refused(dispense({ quantity: { value: 30, comparator: '<' } })), [400, 'dispenseRequest'])
  assert.deepEqual(await refused(dispense({ initialFill: { quantity: { value: 7 } } })), [400, 'dispenseRequest.initialFill'])
  for (const quantity of [{ value: 30, system: 'http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl', code: 'C48542' }, { value: 30, unit: 'Tablets' }, { value: 30, code: '{tbl}' }, { value: 30, unit: 'mL' }]) {
    assert.equal((await send(order(patient, dispense({ quantity })))).status, 201, JSON.stringify(quantity))
  }
})

test('S87 If-None-Exist finds what was sent before, changed or not, and creates what was not; it may name nothing else', async () => {
  const patient = await registerPatient()
  const body = order(patient)
  const create = async (resource: object, condition: string) => {
    const { status, text } = await post('/fhir/R4/MedicationRequest', JSON.stringify(resource), { contentType: 'application/fhir+json', headers: { ...(await subgraph.headersFor(partner)), 'if-none-exist': condition } })
    return { status, resource: JSON.parse(text) as Record<string, any> }
  }
  const condition = `identifier=urn:clinic|${body['identifier'][0].value}`
  const [one, two, three] = [await create(body, condition), await create(body, condition), await create({ ...body, note: [{ text: 'changed' }] }, condition)]
  assert.deepEqual([one.status, two.status, three.status], [201, 200, 200])
  assert.deepEqual([two.resource['id'], three.resource['id']], [one.resource['id'], one.resource['id']])
  for (const other of ['identifier=urn:clinic|other', 'subject=Patient/1', `${condition}&status=active`]) assert.equal((await create(body, other)).status, 400, other)
  const bundled = await send({ resourceType: 'Bundle', type: 'transaction', entry: [{ resource: body, request: { method: 'POST', url: 'MedicationRequest', ifNoneExist: condition } }] })
  assert.deepEqual(bundled.resource['entry'][0].response.status, '200')
})

test('S87 of a Bundle the entry that is refused is named, what is no Bundle is told, and only POST creates', async () => {
  const patient = await registerPatient()
  const bundle = (entry: unknown, type = 'transaction') => send({ resourceType: 'Bundle', type, entry } as object)
  const good = { resource: order(patient) }
  const bad = { resource: order(patient, { dosageInstruction: [], dispenseRequest: {} }) }
  assert.deepEqual(told(await bundle([good, bad])).map(([path]) => path), ['Bundle.entry[1].resource.dosageInstruction', 'Bundle.entry[1].resource.dispenseRequest.quantity'])
  assert.deepEqual(told(await bundle([good, { ...good, request: { method: 'DELETE', url: 'MedicationRequest/1' } }])).map(([path]) => path), ['Bundle.entry[1].resource.method'])
  for (const entry of ['x', [null], [good, 5], [{ resource: [] }], [{ fullUrl: 5, resource: good.resource }]]) {
    const answer = await bundle(entry)
    assert.deepEqual([answer.status, answer.resource['resourceType'], /^Bundle\.entry/.test(told(answer)[0]?.[0] ?? '')], [400, 'OperationOutcome', true], JSON.stringify(entry))
  }
  assert.equal((await subgraph.sql('select 1 from prescription where patient_id = $1', [patient.id])).length, 0)
})

test('S87 FHIR in XML is refused as such; a byte order mark is no part of the JSON', async () => {
  const patient = await registerPatient()
  const as = async (contentType: string, body: string) => {
    const answer = await post('/fhir/R4/MedicationRequest', body, { contentType, headers: await subgraph.headersFor(partner) })
    return [answer.status, JSON.parse(answer.text).issue?.[0].code]
  }
  assert.deepEqual(await as('application/fhir+xml', '<MedicationRequest xmlns="http://hl7.org/fhir"/>'), [415, 'not-supported'])
  assert.deepEqual(await as('application/fhir+json; charset=utf-8', `\uFEFF${JSON.stringify(order(patient))}`), [201, undefined])
})

test('S87 an allergy is the patient’s also where it names the patient in another way than the order does', async () => {
  const patient = await registerPatient()
  const [person, doctor] = contained(patient) as [object, object]
  const { resource } = await send({
    resourceType: 'Bundle', type: 'transaction', entry: [
      { fullUrl: 'urn:uuid:aaaa', resource: { ...person, id: 'p-1' } }, { fullUrl: 'urn:uuid:bbbb', resource: doctor },
      { resource: { resourceType: 'AllergyIntolerance', patient: { reference: 'Patient/p-1' }, code: { text: 'lisinopril' } } },
      { resource: { resourceType: 'AllergyIntolerance', patient: { reference: 'Patient/p-2' }, code: { text: 'somebody else’s' } } },
      { resource: order(patient, { contained: undefined, subject: { reference: 'urn:uuid:aaaa' }, requester: { reference: 'urn:uuid:bbbb' } }) },
    ],
  })
  const id = /[^/]+$/.exec(resource['entry'][4].response.location)![0]
  const stored = await get(`/fhir/R4/MedicationRequest/${id}`, nora)
  assert.deepEqual(stored.resource['contained'].filter(({ resourceType }: { resourceType: string }) => resourceType === 'AllergyIntolerance').map(({ code }: { code: { text: string } }) => code.text), ['lisinopril'])
})
