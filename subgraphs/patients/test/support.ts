/** Settings and a message service for the tests of this subgraph. */
import { after } from 'node:test'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { newId, type Actor } from '@pharmagraph/platform'
import { actorWith, type SubgraphUnderTest } from '../../../tests/environment.ts'

process.env['KEK'] = randomBytes(32).toString('base64')
process.env['MATCH_KEY'] = randomBytes(32).toString('base64')
process.env['MAIL_URL'] = 'http://127.0.0.1:9'

export type Sent = { id: string; channel: string; to: string; subject: string; text: string }

/** A message service that keeps what it gets, and answers `status` to the next requests while that is set. */
export async function messageService(): Promise<{ sent: Sent[]; calls: number; refuseWith: number | undefined }> {
  const service = { sent: [] as Sent[], calls: 0, refuseWith: undefined as number | undefined }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    service.calls++
    const id = String(request.headers['idempotency-key'])
    if (!service.refuseWith && !service.sent.some((known) => known.id === id)) service.sent.push({ id, ...JSON.parse(Buffer.concat(chunks).toString()) })
    response.writeHead(service.refuseWith ?? 201).end('{}')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  process.env['MAIL_URL'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  after(() => void server.close())
  return service
}

export const registration = {
  given: 'Ana', family: 'Núñez', dateOfBirth: '1980-02-29', sex: 'FEMALE', email: 'Ana.Nunez@example.com', phone: '(415) 555-0199',
  consents: ['DISPENSING', 'NOTIFICATIONS'],
}

/** A caregiver who took up the patient's invitation. */
export async function caregiverOf(subgraph: SubgraphUnderTest, patient: Actor, scopes: string[] = ['VIEW'], caregiver = actorWith('caregiver')): Promise<{ actor: Actor; delegationId: string }> {
  const invited = await subgraph.data(patient, `mutation ($s: [DelegationScope!]!) { inviteCaregiver(input: { name: "Rosa Núñez", relationship: "DAUGHTER", scopes: $s }) { code invitation { delegationId } } }`, { s: scopes })
  const { code, invitation } = invited.inviteCaregiver
  const { acceptCaregiverInvitation } = await subgraph.data(caregiver, accept, { code })
  if (!acceptCaregiverInvitation.delegation) throw new Error(JSON.stringify(acceptCaregiverInvitation))
  return { actor: caregiver, delegationId: invitation.delegationId }
}
export const accept = `mutation ($code: String!) { acceptCaregiverInvitation(input: { code: $code }) {
  ... on AcceptCaregiverInvitationPayload { delegation { id scopes patient { id } } } ... on InvitationRefused { code message } } }`

/** A prescription of the patient, as the events of prescriptions would tell of it. */
export async function prescribed(subgraph: SubgraphUnderTest, patientId: string, practitionerId = newId()): Promise<string> {
  const id = newId()
  await subgraph.sql('insert into prescription_fact (prescription_id, patient_id, practitioner_id) values ($1, $2, $3)', [id, patientId, practitionerId])
  return id
}

/** Registers a person with a fresh patient id. */
export async function registered(subgraph: SubgraphUnderTest, input: object = {}): Promise<{ actor: Actor; id: string }> {
  const id = newId()
  const actor = actorWith('patient', { patientId: id })
  const { registerPatient } = await subgraph.data(actor, register, { input: { ...registration, ...input } })
  if (!registerPatient.patient) throw new Error(JSON.stringify(registerPatient))
  return { actor, id }
}

export const register = `mutation ($input: RegisterPatientInput!) {
  registerPatient(input: $input) {
    ... on RegisterPatientPayload { patient { id name { given family full } dateOfBirth sex email phone preferredLanguage consents { purpose granted version policyVersion } } }
    ... on InvalidInput { code field message }
  }
}`
