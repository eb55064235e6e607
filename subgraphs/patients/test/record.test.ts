import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId, type Actor } from '@pharmagraph/platform'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { caregiverOf, registered } from './support.ts'
import { openProfile, sealProfile } from '../src/clinical-profile.ts'
import { patients } from '../src/subgraph.ts'

const subgraph = await testSubgraph(patients)
const matchKey = (): Buffer => Buffer.from(process.env['MATCH_KEY']!, 'base64')
const icd10 = 'http://hl7.org/fhir/sid/icd-10-cm'
const aspirin = { system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '1191', display: 'aspirin' }
const penicillin = { system: 'http://snomed.info/sct', code: '764146007', display: 'Penicillin' }
const profiles = async (id: string) => (await subgraph.emitted('patients.clinical-profile-changed.v1')).filter(({ patientId }) => patientId === id)
const latest = async (id: string) => {
  const { patientId, version, sealed } = (await profiles(id)).at(-1)!
  return { version, ...openProfile(matchKey(), { patientId, version }, sealed) }
}
const codeOf = ({ errors }: { errors?: { extensions: Record<string, unknown> }[] }) => errors?.[0]?.extensions['code']
const allergic = (who: Actor, substance: object, reaction: string | null = null) =>
  subgraph.data(who, 'mutation ($s: CodedConceptInput!, $r: String) { recordAllergy(input: { substance: $s, reaction: $r, severity: SEVERE }) { id } }', { s: substance, r: reaction })
const condition = (who: Actor, code: string) => subgraph.data(who, 'mutation ($c: CodedConceptInput!) { recordCondition(input: { code: $c }) { id } }', { c: { system: icd10, code, display: code } })

test('S23 S49 drug screening learns the whole clinical profile at registration and at every change, sealed', async () => {
  const { actor, id } = await registered(subgraph)
  const base = { birthYearMonth: '1980-02', sex: 'FEMALE', allergies: [], conditions: [], person: { family: 'Núñez', given: 'Ana', dateOfBirth: '1980-02-29', phone: '+14155550199' } }
  assert.deepEqual(await latest(id), { version: 1, ...base })
  const first = (await allergic(actor, penicillin, 'Hives')).recordAllergy.id
  await allergic(actor, aspirin)
  assert.deepEqual((await latest(id)).allergies, [{ ...penicillin, class: 'penicillin' }, aspirin])
  const pregnancy = (await condition(actor, 'Z34.01')).recordCondition.id
  assert.deepEqual(await latest(id), { version: 4, ...base, allergies: [{ ...penicillin, class: 'penicillin' }, aspirin], conditions: [{ system: icd10, code: 'Z34.01' }], pregnant: true })
  await condition(actor, 'Z34.01')
  assert.equal((await profiles(id)).length, 4)

  for (let n = 0; n < 2; n++) {
    await subgraph.data(actor, 'mutation ($a: ID!, $c: ID!) { removeAllergy(input: { allergyId: $a }) { id } removeCondition(input: { conditionId: $c }) { id } }', { a: first, c: pregnancy })
  }
  assert.deepEqual(await latest(id), { version: 6, ...base, allergies: [aspirin] })
  assert.deepEqual((await subgraph.data(actor, '{ me { allergies { substance { code } } conditions { id } } }')).me, { allergies: [{ substance: { code: '1191' } }], conditions: [] })
  await allergic(actor, penicillin, 'Hives')
  assert.equal((await latest(id)).allergies.length, 2)
  const stranger = await registered(subgraph)
  assert.equal(codeOf(await subgraph.graph(stranger.actor, 'mutation ($a: ID!) { removeAllergy(input: { allergyId: $a }) { id } }', { a: first })), 'NOT_FOUND')
  const events = await subgraph.sql<{ text: string }>("select data::text as text from outbox where subject = $1 and type like '%clinical-profile%'", [id])
  for (const { text } of events) assert.doesNotMatch(text, /penicillin|764146007|aspirin|1191"|Z34\.|1980-|FEMALE|Núñez|4155550199/i)
})

test('a sealed profile opens with its key, for its patient and version, unaltered, and in no other way', () => {
  const of = { patientId: newId(), version: 7 }
  const profile = { allergies: [], conditions: [], birthYearMonth: '2000-01', sex: 'MALE' as const }
  const sealed = sealProfile(matchKey(), of, profile)
  assert.deepEqual(openProfile(matchKey(), { ...of, patientId: of.patientId.toUpperCase() }, sealed), profile)
  assert.notEqual(sealProfile(matchKey(), of, profile), sealed)
  const [form, iv, tag, text] = sealed.split('.') as [string, string, string, string]
  const otherKey = Buffer.alloc(32, 7)
  for (const [key, whose, what] of [
    [otherKey, of, sealed], [matchKey(), { ...of, version: 8 }, sealed], [matchKey(), { ...of, patientId: newId() }, sealed],
    [matchKey(), of, [form, iv, tag, `A${text.slice(1)}`].join('.') === sealed ? [form, iv, tag, `B${text.slice(1)}`].join('.') : [form, iv, tag, `A${text.slice(1)}`].join('.')],
    [matchKey(), of, [form, iv, tag.slice(0, 8), text].join('.')], [matchKey(), of, `v2.${iv}.${tag}.${text}`], [matchKey(), of, 'nonsense'],
  ] as const) assert.throws(() => openProfile(key, whose, what))
})

test('S62 insurance is checked as a claim would need it: BIN, PCN, group and member id', async () => {
  const { actor } = await registered(subgraph)
  const add = (input: object) => subgraph.graph(actor, 'mutation ($i: AddInsurancePolicyInput!) { addInsurancePolicy(input: $i) { id bin pcn groupNumber memberId relationship } }', { i: { payer: 'Plan', memberId: 'ab 12', ...input } })
  for (const [field, input] of [
    ['bin', { bin: '12345' }], ['bin', { bin: '1234567' }], ['bin', { pcn: 'PCN1' }], ['pcn', { bin: '990001', pcn: 'TOO-LONG-PCN' }], ['pcn', { bin: '990001', pcn: 'A B' }],
    ['groupNumber', { groupNumber: 'sixteen-letters!' }], ['groupNumber', { groupNumber: 'a_b' }], ['memberId', { memberId: 'x'.repeat(21) }], ['memberId', { memberId: 'a/b' }], ['payer', { payer: ' ' }],
  ] as const) assert.equal((await add(input)).errors?.[0]?.extensions['field'], field, JSON.stringify(input))
  const { id, ...policy } = (await add({ bin: '990001', pcn: 'gghp', groupNumber: 'GG-1001', relationship: 'CHILD' })).data.addInsurancePolicy
  assert.deepEqual(policy, { bin: '990001', pcn: 'GGHP', groupNumber: 'GG-1001', memberId: 'AB 12', relationship: 'CHILD' })
  await subgraph.data(actor, 'mutation ($p: ID!) { removeInsurancePolicy(input: { policyId: $p }) { id } }', { p: id })
  assert.deepEqual((await subgraph.data(actor, '{ me { insurance { id } } }')).me.insurance, [])
})

test('S51 patients take their data along as JSON, all of it, and as FHIR R4', async () => {
  const { actor, id } = await registered(subgraph)
  await allergic(actor, penicillin, 'Hives')
  await condition(actor, 'I10')
  await subgraph.data(actor, `mutation { addInsurancePolicy(input: { payer: "Plan", memberId: "M1", groupNumber: "G1", bin: "990001", pcn: "P1", relationship: SPOUSE }) { id }
    postMessage(input: { body: "Hello" }) { id } setConsent(input: { purpose: NOTIFICATIONS, granted: false, policyVersion: "2026-11" }) { version } }`)
  await caregiverOf(subgraph, actor)
  const take = async (format: string) => (await subgraph.data(actor, `{ exportMyData(format: ${format}) { format document generatedAt } }`)).exportMyData.document
  const json = await take('JSON')
  assert.deepEqual([json.patient.family, json.insurance[0].memberId, json.allergies[0].reaction, json.conditions[0].code.code, json.caregivers[0].name, json.threads[0].messages[0].body],
    ['Núñez', 'M1', 'Hives', 'I10', 'Rosa Núñez', 'Hello'])
  assert.deepEqual(json.consents.map(({ purpose, version, granted }: Record<string, unknown>) => `${purpose} ${version} ${granted}`).sort(), ['DISPENSING 1 true', 'NOTIFICATIONS 1 true', 'NOTIFICATIONS 2 false'])
  assert.doesNotMatch(JSON.stringify(json), /sealed|Index|"v1\./)

  const bundle = await take('FHIR_R4')
  const of = (type: string) => bundle.entry.map(({ resource }: { resource: Record<string, unknown> }) => resource).filter(({ resourceType }: Record<string, unknown>) => resourceType === type)
  const [patient] = of('Patient')
  assert.deepEqual([patient.birthDate, patient.gender, patient.name[0].family, patient.telecom.length], ['1980-02-29', 'female', 'Núñez', 2])
  const [coverage] = of('Coverage')
  assert.deepEqual([coverage.subscriberId, coverage.relationship.coding[0].code, coverage.class.map((entry: { value: string }) => entry.value)], ['M1', 'spouse', ['990001', 'P1', 'G1']])
  const [allergy] = of('AllergyIntolerance')
  assert.deepEqual([allergy.code.coding[0].code, allergy.criticality, allergy.reaction[0].severity, allergy.clinicalStatus.coding[0].code], ['764146007', 'high', 'severe', 'active'])
  assert.deepEqual(of('Consent').map(({ status, provision }: { status: string; provision: { type: string } }) => `${status} ${provision.type}`), ['active permit', 'inactive deny'])
  const urls = new Set(bundle.entry.map(({ fullUrl }: { fullUrl: string }) => fullUrl))
  for (const [, reference] of JSON.stringify(bundle).matchAll(/"reference":"([^"]+)"/g)) assert.ok(urls.has(reference), reference)
  assert.ok(urls.has(`urn:uuid:${id}`))
  for (const who of [actorWith('pharmacist'), actorWith('caregiver'), actorWith('patient')]) assert.match(String(codeOf(await subgraph.graph(who, '{ exportMyData { document } }'))), /FORBIDDEN|NOT_FOUND/)
  await subgraph.sql('update data_key set wrapped = null, destroyed_at = now() where subject_id = $1', [id])
  assert.equal(codeOf(await subgraph.graph(actor, '{ exportMyData { document } }')), 'NOT_FOUND')
})

test('S87 S50 H3 a partner gets the record while the patient consents to EXCHANGE, on account, and not a moment longer', async () => {
  const { actor, id } = await registered(subgraph)
  await allergic(actor, aspirin)
  const partner = actorWith('partner', { clientId: 'lakeside-clinic' })
  const ask = (who: Actor, patientId = id) => subgraph.graph(who, 'query ($p: ID!) { exchangeRecord(patientId: $p) { document } }', { p: patientId })
  const consent = (granted: boolean) => subgraph.data(actor, 'mutation ($g: Boolean!) { setConsent(input: { purpose: EXCHANGE, granted: $g, policyVersion: "2026-11" }) { version } }', { g: granted })
  const refused = await ask(partner)
  assert.deepEqual([codeOf(refused), refused.errors?.[0]?.extensions['purpose']], ['CONSENT_REQUIRED', 'EXCHANGE'])
  assert.equal(codeOf(await ask(partner, newId())), 'CONSENT_REQUIRED')
  await consent(true)
  const { document } = (await ask(partner)).data.exchangeRecord
  assert.deepEqual(document.entry.map(({ resource }: { resource: { resourceType: string } }) => resource.resourceType), ['Patient', 'AllergyIntolerance', 'Consent', 'Consent', 'Consent'])
  assert.equal(codeOf(await ask(actorWith('prescriber'))), 'FORBIDDEN')
  await consent(false)
  assert.equal(codeOf(await ask(partner)), 'CONSENT_REQUIRED')
  const account = (await subgraph.emitted('patients.record-disclosed.v1')).filter(({ patientId }) => patientId === id)
  const { me } = await subgraph.data(actor, '{ me { disclosures { nodes { recipient what purpose consentVersion } } } }')
  assert.deepEqual(me.disclosures.nodes, [{ recipient: 'lakeside-clinic', what: 'record as FHIR R4', purpose: 'EXCHANGE', consentVersion: 1 }])
  await assert.rejects(subgraph.sql('update disclosure set recipient = $1', ['nobody']), /append-only/)
  assert.deepEqual(account, [{ patientId: id, recipient: 'lakeside-clinic', purpose: 'EXCHANGE', consentVersion: 1 }])
})

test('S23 staff find a patient by keyed hashes of e-mail, phone, member id, or name with date of birth; nobody else does', async () => {
  const given = { given: 'Zoë', family: "D'Arc", dateOfBirth: '1977-07-07', email: 'zoe@find.example', phone: '2125550171' }
  const [{ actor, id }, twin] = [await registered(subgraph, given), await registered(subgraph, { ...given, email: 'other@find.example', phone: '2125550172' })]
  await subgraph.data(actor, 'mutation { addInsurancePolicy(input: { payer: "Plan", memberId: "zd 77" }) { id } }')
  const find = (lookup: object, who = actorWith('support')) => subgraph.graph(who, 'query ($l: PatientLookupInput!) { findPatients(lookup: $l) { id } }', { l: lookup })
  const ids = async (lookup: object) => (await find(lookup)).data.findPatients.map((patient: { id: string }) => patient.id).sort()
  const name = { given: 'ZOE', family: 'darc', dateOfBirth: '1977-07-07' }
  for (const lookup of [{ email: ' ZOE@find.example' }, { phone: '(212) 555-0171' }, { memberId: 'ZD 77' }, { ...name, phone: '2125550171' }]) assert.deepEqual(await ids(lookup), [id], JSON.stringify(lookup))
  assert.deepEqual(await ids(name), [id, twin.id].sort())
  for (const lookup of [{ email: 'zoe@find.exampl' }, { email: 'zoe@find.example', phone: '2125550172' }, { ...name, dateOfBirth: '1977-07-08' }]) assert.deepEqual(await ids(lookup), [])
  for (const [field, lookup] of [['lookup', {}], ['dateOfBirth', { given: 'a', family: 'b' }], ['phone', { phone: '12' }]] as const) assert.equal((await find(lookup)).errors?.[0]?.extensions['field'], field)
  for (const who of [actor, actorWith('driver'), actorWith('partner'), actorWith('prescriber'), actorWith('compliance')]) assert.equal(codeOf(await find({ email: 'zoe@find.example' }, who)), 'FORBIDDEN')

  const amend = (who: Actor, input: object) => subgraph.graph(who, 'mutation ($i: AmendIdentityInput!) { amendIdentity(input: $i) { name { full } dateOfBirth phone } }', { i: { patientId: id, ...input } })
  assert.deepEqual((await amend(actorWith('technician'), { family: 'Arc', dateOfBirth: '1977-08-07' })).data.amendIdentity, { name: { full: 'Zoë Arc' }, dateOfBirth: '1977-08-07', phone: '+12125550171' })
  assert.deepEqual([await ids(name), await ids({ ...name, family: 'Arc', dateOfBirth: '1977-08-07' })], [[twin.id], [id]])
  assert.equal((await latest(id)).birthYearMonth, '1977-08')
  const told = (await subgraph.emitted('patients.patient-registered.v1')).filter(({ patientId }) => patientId === id)
  assert.equal(told.length, 2)
  assert.notEqual(told[0]?.matchTokens[0]?.token, told[1]?.matchTokens[0]?.token)
  assert.equal(codeOf(await amend(actor, { family: 'X' })), 'FORBIDDEN')
  assert.equal((await amend(actorWith('support'), { dateOfBirth: '2999-01-01' })).errors?.[0]?.extensions['field'], 'dateOfBirth')
})

test('S23 allergies and conditions are coded in what drug screening understands; a mistyped code is no code', async () => {
  const { actor } = await registered(subgraph)
  const sct = 'http://snomed.info/sct'
  const record = (mutation: string, type: string, concept: object) => subgraph.graph(actor, `mutation ($c: CodedConceptInput!) { ${mutation}(input: { ${type}: $c }) { id } }`, { c: { display: 'x', ...concept } })
  for (const concept of [{ system: 'https://example.com/my-codes', code: '1' }, { system: aspirin.system, code: 'aspirin' }, { system: sct, code: '764146008' }, { system: icd10, code: 'Z88.0' }]) {
    assert.equal((await record('recordAllergy', 'substance', concept)).errors?.[0]?.extensions['field'], 'substance', JSON.stringify(concept))
  }
  for (const concept of [{ system: icd10, code: 'high blood pressure' }, { system: icd10, code: 'I1' }, { system: aspirin.system, code: '1191' }, { system: sct, code: '38341004' }]) {
    assert.equal((await record('recordCondition', 'code', concept)).errors?.[0]?.extensions['field'], 'code', JSON.stringify(concept))
  }
  for (const concept of [{ system: icd10, code: 'G20.A1' }, { system: sct, code: '38341003' }]) assert.equal((await record('recordCondition', 'code', concept)).errors, undefined)
})
