import { test } from 'node:test'
import assert from 'node:assert/strict'
import { clock, newId, type Actor } from '@pharmagraph/platform'
import { actorWith, eventually } from '../../../tests/environment.ts'
import { act, elena, publishDrug, registerPatient, subgraph, verified } from './pharmacy.ts'

const knows = (id: string, version: number) => eventually(async () => (await subgraph.sql('select 1 from record_access_fact where id = $1 and fact_version >= $2', [id, version])).length === 1, { what: 'access known' })
const seen = async (who: Actor, patientId: string, id: string) => {
  const { _entities: [patient, prescription] } = await subgraph.data(who, 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Patient { prescriptions { nodes { id } } } ... on Prescription { id sig } } }',
    { r: [{ __typename: 'Patient', id: patientId }, { __typename: 'Prescription', id }] })
  return [patient.prescriptions?.nodes.length, prescription?.id ?? null]
}

test('S19 S71 a caregiver sees the prescriptions of the patient for as long as the delegation holds, and asks for refills where it says so', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'lisinopril' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId, refills: 2 })
  const rosa = actorWith('caregiver')
  const delegationId = newId()
  const delegated = async (scopes: ('VIEW' | 'ORDER' | 'MESSAGES')[], version: number) => {
    await subgraph.publish('patients.delegation-changed.v1', delegationId, { delegationId, patientId: patient.id, subject: rosa.subject, scopes, version })
    await knows(delegationId, version)
  }
  assert.deepEqual(await seen(rosa, patient.id, id), [0, null])
  await delegated(['VIEW'], 1)
  assert.deepEqual(await seen(rosa, patient.id, id), [1, id])
  assert.equal((await act(rosa, 'requestRefill', { prescriptionId: id }))['code'], 'NOT_FOUND')
  await delegated(['VIEW', 'ORDER'], 2)
  const asked = await act(rosa, 'requestRefill', { prescriptionId: id })
  assert.equal(asked['refillRequest'].status, 'READY')
  assert.equal((await act(rosa, 'cancelRefill', { refillRequestId: asked['refillRequest'].id }))['refillRequest'].status, 'CANCELLED')
  assert.deepEqual(await seen(actorWith('caregiver'), patient.id, id), [0, null])
  // told late, an older version changes nothing
  await delegated([], 4)
  await subgraph.publish('patients.delegation-changed.v1', delegationId, { delegationId, patientId: patient.id, subject: rosa.subject, scopes: ['VIEW', 'ORDER'], version: 3 })
  await eventually(async () => (await subgraph.sql("select 1 from inbox where consumer = 'know-delegation'")).length >= 4, { what: 'late version heard' })
  assert.deepEqual(await seen(rosa, patient.id, id), [0, null])
})

test('H1 in an emergency a prescriber sees prescriptions others wrote, until its hour is over or it was ended', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'warfarin' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId })
  const doctor = actorWith('prescriber', { practitionerId: newId() })
  const event = (accessId: string, status: 'ACTIVE' | 'ENDED', minutes = 60) => subgraph.publish('patients.emergency-access-changed.v1', accessId, {
    accessId, patientId: patient.id, subject: doctor.subject, practitionerId: doctor.practitionerId!, reason: 'ACUTE_TREATMENT', status, expiresAt: new Date(clock.now().getTime() + minutes * 60_000).toISOString(),
  })
  assert.deepEqual(await seen(elena, patient.id, id), [1, id])
  assert.deepEqual(await seen(doctor, patient.id, id), [0, null])
  const [first, second, third] = [newId(), newId(), newId()]
  await event(first, 'ACTIVE')
  await knows(first, 1)
  assert.deepEqual(await seen(doctor, patient.id, id), [1, id])
  // seeing is all: the prescription is not theirs to change, nor the refills to ask for
  assert.notEqual((await act(doctor, 'requestRefill', { prescriptionId: id }))['refillRequest']?.status, 'READY')
  await event(first, 'ENDED')
  await knows(first, 2)
  assert.deepEqual(await seen(doctor, patient.id, id), [0, null])
  // the end may be heard before the beginning
  await event(second, 'ENDED')
  await knows(second, 2)
  await event(second, 'ACTIVE')
  await event(third, 'ACTIVE', -1)
  await knows(third, 1)
  assert.deepEqual(await seen(doctor, patient.id, id), [0, null])
})
