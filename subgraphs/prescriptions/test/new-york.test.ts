import { test } from 'node:test'
import assert from 'node:assert/strict'
import { clock, newId } from '@pharmagraph/platform'
import { readNewRx, readScript } from '../src/erx/script-reader.ts'
import { act, claimFor, elena, held, nora, npis, partner, post, publishDrug, registerPatient, stranger, subgraph, submit, untilPrescription, type KnownPatient } from './pharmacy.ts'

const zolpidem = await publishDrug({ genericName: 'zolpidem', deaSchedule: 'CIV' })
const clonazepam = await publishDrug({ genericName: 'clonazepam', deaSchedule: 'CIV' })
const newYork = { line1: '1 Court St', city: 'Brooklyn', state: 'NY', postalCode: '11201' }
const write = (patient: KnownPatient, about: object) => act(elena, 'submitPrescription', { patientId: patient.id, drugId: zolpidem.drugId, sig: 'Take 1 tablet at night.', quantity: 90, daysSupply: 90, refills: 1, patientAddress: newYork, idempotencyKey: newId(), ...about })

test('C23 ninety days for New York come in with the condition on the face of the prescription, and are refused without it, with its source', async () => {
  const patient = await registerPatient()
  const refused = await write(patient, {})
  assert.deepEqual([refused.code, refused['field']], ['FILL_SUPPLY_EXCEEDED', 'daysSupply'])
  assert.match(refused['message'], /3332\(3\)/)
  assert.deepEqual(await write(patient, { conditionCode: 'X' }).then(({ code, field }) => [code, field]), ['INVALID_INPUT', 'conditionCode'])
  const id = (await write(patient, { conditionCode: 'C' }))['prescription'].id as string
  await untilPrescription(id, 'CLINICAL_REVIEW')
  const seen = async (actor: typeof nora) => (await subgraph.data(actor, 'query ($id: ID!) { prescription(id: $id) { conditionCode } }', { id })).prescription
  assert.deepEqual([await seen(nora), await seen(patient.actor), await seen(stranger)], [{ conditionCode: 'C' }, { conditionCode: 'C' }, null])
  assert.equal((await act(nora, 'verifyPrescription', held(await claimFor(nora, 'VERIFICATION', id)))).__typename, 'PrescriptionPayload')
  // which condition it is stands in no column
  const [row] = await subgraph.sql<Record<string, unknown>>('select * from prescription where id = $1', [id])
  assert.equal(row!['condition_named'], true)
  assert.ok(!Object.values(row!).includes('C'))
})

test('C13 C23 a condition that was not on the prescription is found out', async () => {
  const patient = await registerPatient()
  const id = await submit({ patientId: patient.id, drugId: zolpidem.drugId, refills: 0, patientAddress: newYork })
  await untilPrescription(id, 'CLINICAL_REVIEW')
  await subgraph.sql('update prescription set condition_named = true where id = $1', [id])
  assert.equal((await act(nora, 'verifyPrescription', held(await claimFor(nora, 'VERIFICATION', id)))).code, 'CONTENT_ALTERED')
})

test('C23 a benzodiazepine for New York comes in without refills only', async () => {
  const patient = await registerPatient()
  const of = (refills: number) => write(patient, { drugId: clonazepam.drugId, quantity: 30, daysSupply: 30, refills })
  assert.deepEqual(await of(1).then(({ code, field }) => [code, field]), ['TOO_MANY_REFILLS', 'refills'])
  assert.equal((await of(0)).__typename, 'PrescriptionPayload')
})

test('C23 the code comes by FHIR as an extension and goes out again, by SCRIPT in the note', async () => {
  const patient = await registerPatient()
  const request = {
    resourceType: 'MedicationRequest', status: 'active', intent: 'order', identifier: [{ system: 'urn:clinic', value: newId() }], extension: [{ url: 'urn:pharmagraph:ny-condition', valueCode: 'E' }],
    medicationCodeableConcept: { coding: [{ system: 'http://hl7.org/fhir/sid/ndc', code: zolpidem.ndc }], text: 'zolpidem' }, contained: [{ resourceType: 'Patient', id: 'p', name: [{ family: patient.family, given: [patient.given] }], birthDate: patient.dateOfBirth, telecom: [{ system: 'email', value: patient.email }], address: [{ line: ['1 Court St'], city: 'Brooklyn', state: 'NY', postalCode: '11201' }] }],
    subject: { reference: '#p' }, requester: { identifier: { system: 'http://hl7.org/fhir/sid/us-npi', value: npis.elena } }, authoredOn: clock.today(), dosageInstruction: [{ text: 'Take 1 tablet at night.' }],
    dispenseRequest: { quantity: { value: 90 }, numberOfRepeatsAllowed: 0, expectedSupplyDuration: { value: 90, code: 'd' } },
  }
  const headers = await subgraph.headersFor(partner)
  const taken = await post('/fhir/R4/MedicationRequest', JSON.stringify(request), { contentType: 'application/fhir+json', headers })
  assert.equal(taken.status, 201, taken.text)
  const out = await (await fetch(new URL(`/fhir/R4/MedicationRequest/${JSON.parse(taken.text).id}`, subgraph.url), { headers })).json() as { extension: { url: string; valueCode?: string }[] }
  assert.equal(out.extension.find(({ url }) => url === 'urn:pharmagraph:ny-condition')?.valueCode, 'E')

  const codeIn = (note: string) => readNewRx(readScript(Buffer.from(`<Message TransactionVersion="2017071"><Header><MessageID>1</MessageID></Header><Body><NewRx>
    <Patient><HumanPatient><Name><LastName>A</LastName><FirstName>B</FirstName></Name></HumanPatient></Patient><Prescriber><NonVeterinarian><Identification><NPI>${npis.elena}</NPI></Identification></NonVeterinarian></Prescriber>
    <MedicationPrescribed><DrugDescription>zolpidem</DrugDescription><Quantity><Value>90</Value></Quantity><WrittenDate><Date>${clock.today()}</Date></WrittenDate><Sig><SigText>at night</SigText></Sig><Note>${note}</Note></MedicationPrescribed>
  </NewRx></Body></Message>`))).conditionCode
  assert.deepEqual(['Code D', 'NY CODE: A, chronic', 'call for the door code first', 'code G', 'diagnosis F'].map(codeIn), ['D', 'A', undefined, undefined, undefined])
})
