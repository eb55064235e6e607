import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { clock, systemActor, transact } from '@pharmagraph/platform'
import { actorWith, eventually, testSubgraph } from '../../../tests/environment.ts'
import { registered } from './support.ts'
import { keepers } from '../src/entities/erasure.ts'
import { erasePatients } from '../src/jobs/erase-patients.ts'
import { patients } from '../src/subgraph.ts'

/** An identity provider with users by id, that is away for the next `away` requests. */
const directory = { users: new Map<string, { externalId: string; roles: string[] }>(), away: 0, asked: 0 }
const server = createServer((request, response) => {
  directory.asked++
  if (directory.away > 0) {
    directory.away--
    return void response.writeHead(503).end()
  }
  if (request.headers.authorization !== 'Bearer scim-token') return void response.writeHead(401).end()
  const url = new URL(request.url!, 'http://localhost')
  const id = url.pathname.slice('/scim/v2/Users/'.length)
  if (request.method === 'DELETE') return void response.writeHead(directory.users.delete(id) ? 204 : 404).end()
  // one that does not understand the filter and answers everybody
  const Resources = [...directory.users].map(([id, { externalId, roles }]) => ({ id, externalId, roles: roles.map((value) => ({ value })) }))
  response.writeHead(200, { 'content-type': 'application/scim+json' }).end(JSON.stringify({ Resources }))
})
await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
after(() => void server.close())
process.env['IDENTITY_SCIM_URL'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}/scim/v2/`
process.env['IDENTITY_SCIM_TOKEN'] = 'scim-token'

const subgraph = await testSubgraph({ ...patients, jobs: [] }, { background: true })
const run = () => transact(subgraph.running.orm, (em) => erasePatients.run(em, systemActor('patients')))

async function erased(before: (id: string) => void) {
  const { actor, id } = await registered(subgraph)
  before(id)
  const { requestErasure } = await subgraph.data(actor, 'mutation { requestErasure { id } }')
  try {
    clock.advance(8 * 24 * 60 * 60_000)
    await run()
  } finally {
    clock.reset()
  }
  for (const keeper of ['orders', 'prescriptions', 'logistics'] as const) await subgraph.publish(`${keeper}.patient-erased.v1`, id, { requestId: requestErasure.id, patientId: id })
  const request = async () => (await subgraph.data(actor, '{ myErasureRequest { status confirmations { service } certificate } }')).myErasureRequest
  return { request }
}

test('G2 S51 who is erased has no account at the identity provider either: asked until it is gone, then it stands in the certificate', async () => {
  directory.away = 3
  const neighbour = (await registered(subgraph)).id
  const { request } = await erased((id) => void directory.users.set('account-1', { externalId: id, roles: ['patient'] }).set('account-2', { externalId: neighbour, roles: ['patient'] }))
  const done = await eventually(async () => { const now = await request(); return now.status === 'CERTIFIED' && now }, { within: 20_000, what: 'the certificate' })
  assert.deepEqual(done.confirmations.map(({ service }: { service: string }) => service).sort(), ['identity', ...keepers].sort())
  assert.equal(done.certificate.confirmations.length, 5)
  assert.deepEqual([...directory.users.keys()], ['account-2'], 'nobody else is removed')
  assert.ok(directory.asked > 3, 'while the provider was away it was asked again')
})

test('G2 an account that is also a colleague’s is left to a person, and the erasure waits for it', async () => {
  const { actor, id } = await registered(subgraph)
  directory.users.set('account-3', { externalId: id, roles: ['patient', 'pharmacist'] })
  await subgraph.data(actor, 'mutation { requestErasure { id } }')
  try {
    clock.advance(8 * 24 * 60 * 60_000)
    await run()
  } finally {
    clock.reset()
  }
  const [letter] = await eventually(async () => [await subgraph.sql<{ error: string }>("select error from dead_letter where type = 'patients.erasure-status-changed.v1' and event->'data'->>'patientId' = $1", [id])].find(({ length }) => length > 0), { within: 20_000, what: 'the dead letter' })
  assert.match(letter!.error, /account-3 has other roles/)
  assert.ok(directory.users.has('account-3'))
  assert.equal((await subgraph.data(actorWith('compliance'), '{ erasureRequests(status: CERTIFIED) { nodes { patientId } } }')).erasureRequests.nodes.some(({ patientId }: { patientId: string }) => patientId === id), false)
})
