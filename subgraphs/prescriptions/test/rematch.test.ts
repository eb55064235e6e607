import { test } from 'node:test'
import assert from 'node:assert/strict'
import { clock, newId } from '@pharmagraph/platform'
import { eventually } from '../../../tests/environment.ts'
import { post, publishDrug, registerPatient, subgraph, untilPrescription } from './pharmacy.ts'

test('a prescriber who registers after the message is matched then, and told with the next step of the prescription', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'bisoprolol' })
  const [messageId, npi, practitionerId] = [newId(), '1245319599', newId()]
  const answer = await post('/erx/script', `<?xml version="1.0"?><Message xmlns="http://www.ncpdp.org/schema/SCRIPT" version="2017071"><Header><To>PHARMAGRAPH</To><From>${npi}</From><MessageID>${messageId}</MessageID></Header><Body><NewRx>
    <Patient><HumanPatient><Name><LastName>${patient.family}</LastName><FirstName>${patient.given}</FirstName></Name><DateOfBirth><Date>${patient.dateOfBirth}</Date></DateOfBirth>
      <CommunicationNumbers><PrimaryTelephone><Number>${patient.phone}</Number></PrimaryTelephone></CommunicationNumbers></HumanPatient></Patient>
    <Prescriber><NonVeterinarian><Identification><NPI>${npi}</NPI></Identification><Name><LastName>Later</LastName><FirstName>Lee</FirstName></Name></NonVeterinarian></Prescriber>
    <MedicationPrescribed><DrugDescription>bisoprolol</DrugDescription><DrugCoded><ProductCode><Code>${drug.ndc11}</Code><Qualifier>ND</Qualifier></ProductCode></DrugCoded><Quantity><Value>30</Value></Quantity>
      <DaysSupply>30</DaysSupply><WrittenDate><Date>${clock.today()}</Date></WrittenDate><Substitutions>0</Substitutions><NumberOfRefills>1</NumberOfRefills><Sig><SigText>Take 1 tablet daily.</SigText></Sig></MedicationPrescribed></NewRx></Body></Message>`)
  assert.match(answer.text, /<Code>010<\/Code>/)
  const id = await eventually(async () => (await subgraph.sql<{ id: string }>('select id from prescription where message_id = $1', [messageId]))[0]?.id, { what: 'prescription' })
  await untilPrescription(id, 'DATA_ENTRY')
  const told = async () => (await subgraph.emitted('prescriptions.prescription-status-changed.v1')).filter(({ prescriptionId }) => prescriptionId === id).map(({ to, practitionerId: prescriber }) => [to, prescriber])
  assert.deepEqual(await told(), [['RECEIVED', null], ['DATA_ENTRY', null]])
  await subgraph.publish('patients.practitioner-registered.v1', practitionerId, { practitionerId, npi, deaNumber: null, active: true, licenceStates: ['CA'], scheduleAuthority: [] })
  await untilPrescription(id, 'CLINICAL_REVIEW')
  assert.deepEqual((await told()).at(-1), ['CLINICAL_REVIEW', practitionerId])
})
