import { test } from 'node:test'
import assert from 'node:assert/strict'
import { anonymous, blindIndex, newId, systemActor, transact, type AppError, type Role } from '@pharmagraph/platform'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { caregiverOf, prescribed, register, registered, registration } from './support.ts'
import { birthDate } from '../src/fields.ts'
import { createPatient } from '../src/commands/register-patient.ts'
import { services } from '../src/services.ts'
import { patients } from '../src/subgraph.ts'

const subgraph = await testSubgraph(patients)
const everything = `{ id name { full } dateOfBirth email phone insurance { id payer memberId groupNumber bin pcn } allergies { substance { system code display } reaction severity }
  conditions { code { code } } consents { purpose granted version } notificationPreferences { channels quietFrom quietTo timeZone } caregivers { name relationship } caregiverInvitations { name } notifications(first: 5) { nodes { id } }
  threads { nodes { id lastMessageAt prescription { id } patient { id } messages { body authorRole } } pageInfo { hasNextPage } } }`
const matchKey = (): Buffer => Buffer.from(process.env['MATCH_KEY']!, 'base64')

test('a caller without an actor token is refused', async () => {
  const answer = await subgraph.graph(anonymous, '{ me { id } }')
  assert.equal(answer.errors?.[0]?.extensions['code'], 'UNAUTHENTICATED')
})

test('S30 a person registers under the patient id of their token, and registering again changes nothing', async () => {
  const actor = actorWith('patient', { patientId: newId() })
  const [first, second] = await Promise.all([1, 2].map(() => subgraph.data(actor, register, { input: registration })))
  for (const { registerPatient } of [first, second]) {
    assert.deepEqual(registerPatient.patient, {
      id: actor.patientId, name: { given: 'Ana', family: 'Núñez', full: 'Ana Núñez' }, dateOfBirth: '1980-02-29', sex: 'FEMALE',
      email: 'ana.nunez@example.com', phone: '+14155550199', preferredLanguage: 'en',
      consents: [
        { purpose: 'DISPENSING', granted: true, version: 1, policyVersion: '2026-11' },
        { purpose: 'NOTIFICATIONS', granted: true, version: 1, policyVersion: '2026-11' },
      ],
    })
  }
  await subgraph.data(actor, register, { input: { ...registration, given: 'Eve' } })
  const { me } = await subgraph.data(actor, '{ me { name { given } } }')
  assert.equal(me.name.given, 'Ana')
  const events = (await subgraph.emitted('patients.patient-registered.v1')).filter(({ patientId }) => patientId === actor.patientId)
  assert.equal(events.length, 1)
  const consents = (await subgraph.emitted('patients.consent-changed.v1')).filter(({ patientId }) => patientId === actor.patientId)
  assert.deepEqual(consents.map(({ purpose, version }) => `${purpose} ${version}`).sort(), ['DISPENSING 1', 'NOTIFICATIONS 1'])
})

test('registration needs the role of a patient and a patient id', async () => {
  for (const actor of [actorWith('pharmacist', { patientId: newId() }), actorWith('patient')]) {
    const answer = await subgraph.graph(actor, register, { input: registration })
    assert.equal(answer.errors?.[0]?.extensions['code'], 'FORBIDDEN')
  }
})

test('S30 registration names the field that is not acceptable', async () => {
  const actor = actorWith('patient', { patientId: newId() })
  const wrong = {
    given: ['', ' ', '123', 'x'.repeat(101)], family: ['-'], dateOfBirth: ['2999-01-01', '1800-01-01'],
    email: ['nobody', 'a b@c.de', '@x.y', 'a@b'], phone: ['555', '1155550199', '415-555-019', '+1', 'call me'], preferredLanguage: ['english'], policyVersion: [''],
  }
  for (const [field, values] of Object.entries(wrong)) {
    for (const value of values) {
      const { registerPatient } = await subgraph.data(actor, register, { input: { ...registration, [field]: value } })
      assert.deepEqual([registerPatient.code, registerPatient.field], ['INVALID_INPUT', field], `${field}: ${value}`)
    }
  }
  assert.equal((await subgraph.data(actor, '{ me { id } }')).me, null)
})

test('match tokens ignore accents, case and punctuation, and follow a change of contact', async () => {
  const { actor, id } = await registered(subgraph, { given: 'Ana María', family: "O'Núñez-Brien" })
  const tokens = async () => (await subgraph.emitted('patients.patient-registered.v1')).filter(({ patientId }) => patientId === id).map(({ matchTokens }) => matchTokens)
  const expected = (kind: string, value: string) => ({ kind, token: blindIndex(matchKey(), kind, value) })
  assert.deepEqual(await tokens(), [[expected('NAME_DOB', 'onunezbrien|anamaria|1980-02-29'), expected('PHONE', '4155550199'), expected('EMAIL', 'ana.nunez@example.com')]])
  const change = 'mutation ($i: UpdateContactInput!) { updateContact(input: $i) { email phone preferredLanguage notificationPreferences { channels quietFrom quietTo timeZone } } }'
  const { updateContact } = await subgraph.data(actor, change, { i: { phone: '+34 600 123 456', channels: ['SMS', 'EMAIL'], quietFrom: '21:00', quietTo: '08:00', timeZone: 'Europe/Madrid', preferredLanguage: 'es' } })
  assert.deepEqual(updateContact, {
    email: 'ana.nunez@example.com', phone: '+34600123456', preferredLanguage: 'es',
    notificationPreferences: { channels: ['SMS', 'EMAIL'], quietFrom: '21:00', quietTo: '08:00', timeZone: 'Europe/Madrid' },
  })
  assert.deepEqual((await tokens())[1]?.[1], expected('PHONE', '4600123456'))
  for (const [field, input] of Object.entries({ quietTo: { quietTo: null }, timeZone: { timeZone: 'Mars/Base' }, quietFrom: { quietFrom: '25:00' }, channels: { channels: ['SMS', 'SMS'] } })) {
    const answer = await subgraph.graph(actor, change, { i: input })
    assert.deepEqual([answer.errors?.[0]?.extensions['code'], answer.errors?.[0]?.extensions['field']], ['INVALID_INPUT', field])
  }
  assert.equal((await tokens()).length, 2)
})

test('S23 a birth date is a day of the calendar that has passed', () => {
  const fieldOf = (value: string) => { try { birthDate(value) } catch (error) { return (error as AppError).details['field'] } return value }
  for (const wrong of ['2026-13-01', '2001-02-29', '1980-00-10', '2999-01-01', '1800-01-01', '01/02/1980', '']) assert.equal(fieldOf(wrong), 'dateOfBirth', wrong)
  for (const right of ['2000-02-29', '1980-12-31']) assert.equal(fieldOf(right), right)
})

test('S23 the raw tables show nothing that identifies or describes a patient', async () => {
  const secrets = { given: 'Zebulon', family: 'Quackenbush', email: 'zeb@secret.example', phone: '6505550123', dateOfBirth: '1933-03-03' }
  const { actor, id } = await registered(subgraph, secrets)
  await subgraph.data(actor, `mutation { a: addInsurancePolicy(input: { payer: "Obscure Mutual", memberId: "MEM-7788", groupNumber: "GRP-99" }) { id }
    b: recordAllergy(input: { substance: { system: "http://snomed.info/sct", code: "764146007", display: "Penicillin" }, reaction: "Hives everywhere", severity: SEVERE }) { id }
    c: postMessage(input: { body: "My embarrassing question" }) { id }
    d: recordCondition(input: { code: { system: "http://hl7.org/fhir/sid/icd-10-cm", code: "F52.21", display: "Male erectile disorder" } }) { id }
    e: inviteCaregiver(input: { name: "Wilhelmina", relationship: "FRIEND" }) { code } }`)
  const tables = await subgraph.sql<{ name: string }>("select table_name as name from information_schema.tables where table_schema = 'public'")
  let rows = 0
  for (const { name } of tables) {
    for (const row of await subgraph.sql(`select t::text as text from "${name}" t where t::text like $1`, [`%${id}%`])) {
      rows++
      assert.doesNotMatch(String(row['text']), /zebulon|quackenbush|secret\.example|5550123|1933-03|obscure|mem-?7788|grp-99|penicillin|764146007|hives|embarrassing|F52\.21|erectile|wilhelmina/i, name)
    }
  }
  assert.ok(rows >= 14, `${rows} rows looked at`)
})

test('patients, their caregivers and clinical staff see a patient; to everybody else there is none', async () => {
  const { actor, id } = await registered(subgraph)
  await subgraph.data(actor, 'mutation { postMessage(input: { body: "Hello" }) { id } }')
  const { actor: caregiver } = await caregiverOf(subgraph, actor, ['MESSAGES'])

  const read = async (who: typeof actor) => {
    const data = await subgraph.data(who, `query ($id: ID!, $r: [_Any!]!) { patient(id: $id) ${everything} _entities(representations: $r) { ... on Patient ${everything} } }`, { id, r: [{ __typename: 'Patient', id }] })
    assert.deepEqual(data.patient, data._entities[0])
    return data.patient
  }
  for (const who of [actor, caregiver, ...(['technician', 'pharmacist', 'pharmacist-in-charge', 'support', 'system'] as Role[]).map((role) => actorWith(role))]) {
    const patient = await read(who)
    assert.equal(patient?.name.full, 'Ana Núñez', who.roles[0])
    assert.deepEqual(patient.threads.nodes[0].messages, [{ body: 'Hello', authorRole: 'patient' }])
    assert.deepEqual(patient.caregivers, [{ name: 'Rosa Núñez', relationship: 'DAUGHTER' }])
  }
  const strangers = [
    actorWith('patient', { patientId: newId() }), actorWith('patient'), actorWith('caregiver'), actorWith('patient', { subject: caregiver.subject }),
    actorWith('pharmacist', { roles: ['driver'], patientId: id }), ...(['prescriber', 'driver', 'partner', 'inventory', 'compliance'] as Role[]).map((role) => actorWith(role)),
  ]
  for (const who of strangers) assert.equal(await read(who), null, who.roles[0])
  const { patient } = await subgraph.data(actorWith('pharmacist'), '{ patient(id: "nonsense") { id } }')
  assert.equal(patient, null)
})

test('consent is a history of versions; the same answer again adds none, and rows cannot be changed', async () => {
  const { actor, id } = await registered(subgraph, { consents: [] })
  const set = async (granted: boolean, policyVersion = '2026-11') =>
    (await subgraph.data(actor, 'mutation ($g: Boolean!, $v: String!) { setConsent(input: { purpose: AUTO_REFILL, granted: $g, policyVersion: $v }) { granted version policyVersion } }', { g: granted, v: policyVersion })).setConsent.version
  assert.deepEqual([await set(true), await set(true), await set(false), await set(true, '2027-01')], [1, 1, 2, 3])
  const { me } = await subgraph.data(actor, '{ me { consents { purpose granted version } } }')
  assert.deepEqual(me.consents, [{ purpose: 'AUTO_REFILL', granted: true, version: 3 }])
  const events = (await subgraph.emitted('patients.consent-changed.v1')).filter(({ patientId }) => patientId === id)
  assert.deepEqual(events.map(({ granted, version }) => [granted, version]), [[true, 1], [false, 2], [true, 3]])
  for (const change of ['update consent set granted = false', 'delete from consent']) await assert.rejects(subgraph.sql(change), /append-only/)
})

test('an insurance policy is replaced by member id, an allergy by substance', async () => {
  const { actor, id } = await registered(subgraph)
  const insure = (who: typeof actor, input: object) => subgraph.graph(who, 'mutation ($i: AddInsurancePolicyInput!) { addInsurancePolicy(input: $i) { id } }', { i: { payer: 'First', memberId: 'm-1', ...input } })
  const first = await insure(actor, { bin: '990001' })
  const again = await insure(actorWith('support'), { patientId: id, payer: 'Second', memberId: 'M-1 ', bin: '99000122', pcn: 'PCN1', groupNumber: 'G1' })
  assert.equal(again.data.addInsurancePolicy.id, first.data.addInsurancePolicy.id)
  await insure(actor, { memberId: 'm-2' })
  const allergic = (severity: string, reaction: string) => subgraph.data(actorWith('pharmacist'), `mutation ($id: ID!) { recordAllergy(input: { patientId: $id, severity: ${severity}, reaction: "${reaction}",
    substance: { system: "http://www.nlm.nih.gov/research/umls/rxnorm", code: "1191", display: "aspirin" } }) { severity } }`, { id })
  await allergic('MILD', 'Rash')
  await allergic('SEVERE', 'Wheezing')
  const { me } = await subgraph.data(actor, `{ me ${everything} }`)
  assert.deepEqual(me.insurance.map(({ id: _, ...rest }: { id: string }) => rest), [
    { payer: 'Second', memberId: 'M-1', groupNumber: 'G1', bin: '99000122', pcn: 'PCN1' },
    { payer: 'First', memberId: 'M-2', groupNumber: null, bin: null, pcn: null },
  ])
  assert.deepEqual(me.allergies.map(({ severity, reaction }: Record<string, string>) => [severity, reaction]), [['SEVERE', 'Wheezing']])
  assert.equal((await insure(actor, { bin: '12' })).errors?.[0]?.extensions['field'], 'bin')
  assert.equal((await insure(actorWith('patient', { patientId: newId() }), { patientId: id })).errors?.[0]?.extensions['code'], 'NOT_FOUND')
  assert.equal((await insure(actorWith('pharmacist'), {})).errors?.[0]?.extensions['field'], 'patientId')
})

test('a patient and a pharmacist write in one thread; nobody else can', async () => {
  const { actor, id } = await registered(subgraph)
  const prescriptionId = await prescribed(subgraph, id)
  const post = (who: typeof actor, input: object) => subgraph.graph(who, 'mutation ($i: PostMessageInput!) { postMessage(input: $i) { id threadId authorRole body } }', { i: input })
  const opened = (await post(actor, { body: ' May I take it with milk? ', prescriptionId })).data.postMessage
  assert.deepEqual([opened.authorRole, opened.body], ['patient', 'May I take it with milk?'])
  const answered = (await post(actorWith('pharmacist'), { threadId: opened.threadId, body: 'Better with water.' })).data.postMessage
  assert.equal(answered.authorRole, 'pharmacist')
  const { me } = await subgraph.data(actor, `{ me ${everything} }`)
  assert.deepEqual(me.threads.nodes[0].prescription, { id: prescriptionId })
  assert.deepEqual(me.threads.nodes[0].messages.map(({ authorRole }: { authorRole: string }) => authorRole), ['patient', 'pharmacist'])
  for (const who of [actorWith('patient', { patientId: newId() }), actorWith('prescriber'), actorWith('technician')]) {
    assert.equal((await post(who, { threadId: opened.threadId, body: 'Hi' })).errors?.[0]?.extensions['code'], 'NOT_FOUND', who.roles[0])
    const { _entities } = await subgraph.data(who, 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on MessageThread { id } } }', { r: [{ __typename: 'MessageThread', id: opened.threadId }] })
    assert.deepEqual(_entities, [who.roles[0] === 'technician' ? { id: opened.threadId } : null])
  }
  assert.equal((await post(actor, { body: '  ' })).errors?.[0]?.extensions['field'], 'body')
  assert.equal((await post(actor, { body: 'x', threadId: 'y' })).errors?.[0]?.extensions['field'], 'threadId')
  const [event] = (await subgraph.emitted('patients.message-posted.v1')).filter(({ patientId }) => patientId === id)
  assert.deepEqual(event, { threadId: opened.threadId, messageId: opened.id, patientId: id, prescriptionId, authorRole: 'patient' })
})

test('threads come newest first, page by page', async () => {
  const { actor } = await registered(subgraph)
  for (let n = 1; n <= 5; n++) await subgraph.data(actor, `mutation { postMessage(input: { body: "${n}" }) { id } }`)
  const bodies: string[] = []
  let after: string | null = null
  do {
    const { me } = await subgraph.data(actor, 'query ($a: String) { me { threads(first: 2, after: $a) { nodes { messages { body } } pageInfo { hasNextPage endCursor } } } }', { a: after })
    bodies.push(...me.threads.nodes.map(({ messages }: { messages: { body: string }[] }) => messages[0]?.body))
    after = me.threads.pageInfo.hasNextPage ? me.threads.pageInfo.endCursor : null
  } while (after)
  assert.deepEqual(bodies, ['5', '4', '3', '2', '1'])
})

test('S51 a destroyed data key is erasure: the patient reads as not there', async () => {
  const { actor, id } = await registered(subgraph)
  await subgraph.sql('update data_key set wrapped = null, destroyed_at = now() where subject_id = $1', [id])
  const { me } = await subgraph.data(actor, `{ me ${everything} }`)
  assert.equal(me, null)
})

test('a hundred patients by reference, with all their lists, cost a bounded number of SQL statements', async () => {
  const ids = Array.from({ length: 100 }, () => newId())
  const input = { ...registration, sex: 'FEMALE', preferredLanguage: 'en', consents: ['DISPENSING'], policyVersion: '1' } as const
  await transact(subgraph.running.orm, async (em) => {
    for (const id of ids) await createPatient(em, systemActor('test'), services(), id, input)
  })
  const statements = await subgraph.countSql(async () => {
    const { _entities } = await subgraph.data(actorWith('pharmacist'), `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Patient ${everything} } }`, {
      r: ids.map((id) => ({ __typename: 'Patient', id })),
    })
    assert.equal(_entities.filter((patient: { name: unknown } | null) => patient?.name).length, 100)
  })
  assert.ok(statements <= 14, `${statements} statements`)
})
