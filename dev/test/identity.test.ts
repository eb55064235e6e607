import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { people } from '../src/identity/people.ts'
import type { Person } from '../src/identity/people.ts'
import { clientCredentials, signIn, signUp } from '../src/identity/sign-in.ts'
import { freePort } from '../src/stack/ports.ts'
import { Service } from '../src/stack/service.ts'
import { eventually, temporaryFolder } from './tools.ts'

const dataDir = temporaryFolder()
const port = await freePort()
const issuer = `http://127.0.0.1:${port}`
const identity = new Service({
  name: 'identity',
  command: process.execPath,
  args: [join(import.meta.dirname, '../src/identity/main.ts')],
  env: { ...process.env, PORT: String(port), DATA_DIR: dataDir, IDENTITY_SCIM_TOKEN: 'scim-test-token' },
  isReady: (line) => line.startsWith('{"ready":"identity"'),
  stopSignal: 'SIGTERM',
})
await identity.start()
after(() => identity.stop())

/** The claims of an access token, verified as the gateway does it. */
async function claimsOf({ accessToken }: { accessToken: string }) {
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`))
  const { payload, protectedHeader } = await jwtVerify(accessToken, keys, { issuer, audience: 'pharmagraph', typ: 'at+jwt' })
  assert.equal(protectedHeader.alg, 'ES256')
  return payload
}

const nextSecond = async () => {
  const now = Math.floor(Date.now() / 1000)
  await eventually(() => Math.floor(Date.now() / 1000) > now, 'the clock goes on')
}

test('the ready line names the issuer, and its discovery document agrees', async () => {
  assert.deepEqual(JSON.parse(identity.output[0] ?? ''), { ready: 'identity', url: issuer })
  const configuration = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as Record<string, unknown>
  assert.equal(configuration['issuer'], issuer)
  assert.deepEqual(configuration['response_types_supported'], ['code'])
  assert.deepEqual(configuration['code_challenge_methods_supported'], ['S256'])
})

test('a patient signs in with a password: 15 minutes, her own patient id, no name in the access token', async () => {
  const session = await signIn(issuer, people.maria)
  const { iat, exp, jti, auth_time, ...claims } = await claimsOf(session)
  assert.deepEqual(claims, {
    iss: issuer,
    aud: 'pharmagraph',
    sub: people.maria.id,
    client_id: 'web',
    scope: 'patient',
    roles: ['patient'],
    patient_id: people.maria.patientId,
    amr: ['pwd'],
    acr: 'urn:pharmagraph:pwd',
  })
  assert.equal((exp ?? 0) - (iat ?? 0), 15 * 60)
  assert.ok(jti !== undefined && Math.abs(Number(auth_time) - Date.now() / 1000) < 10)
  assert.ok(Math.abs(session.expiresAt - (exp ?? 0) * 1000) < 2000)
  const idToken = JSON.parse(Buffer.from(session.idToken?.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
  assert.equal(idToken['name'], 'Maria Alvarez')
})

test('everybody in the demo can sign in and carries their roles and ids', async () => {
  const claimOf = {
    patientId: 'patient_id',
    practitionerId: 'practitioner_id',
    pharmacistId: 'pharmacist_id',
    technicianId: 'technician_id',
    driverId: 'driver_id',
  }
  for (const person of Object.values<Person>(people)) {
    const claims = await claimsOf(await signIn(issuer, person))
    assert.deepEqual(claims['roles'], person.roles)
    for (const [field, claim] of Object.entries(claimOf)) {
      assert.equal(claims[claim], person[field as keyof typeof claimOf], `${claim} of ${person.name}`)
    }
  }
})

test('a refresh token gives a new access token with the time of the first sign-in, once', async () => {
  const session = await signIn(issuer, people.james, { clientId: 'mobile' })
  await nextSecond()
  const refreshed = await session.refresh()
  const [before, now] = [await claimsOf(session), await claimsOf(refreshed)]
  assert.equal(now['client_id'], 'mobile')
  assert.equal(now['auth_time'], before['auth_time'])
  assert.ok((now.iat ?? 0) > (before.iat ?? 0))
  await assert.rejects(session.refresh(), { code: 'invalid_grant' })
})

test('offline access is granted without a question', async () => {
  const session = await signIn(issuer, people.nora, { offline: true, otp: true })
  const claims = await claimsOf(await session.refresh())
  assert.deepEqual([claims.sub, claims['amr']], [people.nora.id, ['pwd', 'otp']])
})

test('S10 S54 a step-up asks for the code only, and its token has a fresh auth_time and the second factor', async () => {
  const session = await signIn(issuer, people.nora)
  const before = await claimsOf(session)
  assert.deepEqual([before['amr'], before['acr']], [['pwd'], 'urn:pharmagraph:pwd'])
  await nextSecond()
  const stepped = await session.stepUp()
  const now = await claimsOf(stepped)
  assert.deepEqual([now['amr'], now['acr']], [['pwd', 'otp'], 'urn:pharmagraph:otp'])
  assert.ok(Number(now['auth_time']) > Number(before['auth_time']))
  await nextSecond()
  const again = await claimsOf(await stepped.stepUp())
  assert.ok(Number(again['auth_time']) > Number(now['auth_time']), 'the second step-up was not asked for')
})

test('the second factor can be asked for at sign-in, and an account can always need it', async () => {
  assert.deepEqual((await claimsOf(await signIn(issuer, people.elena, { otp: true })))['amr'], ['pwd', 'otp'])
  assert.deepEqual((await claimsOf(await signIn(issuer, people.grace)))['amr'], ['pwd', 'otp'])
})

test('a wrong code and a wrong password are refused', async () => {
  await assert.rejects(signIn(issuer, people.nora, { otp: true, code: 'abcdef' }), { code: 'form', message: /code is not right/ })
  await assert.rejects(signIn(issuer, people.grace, { code: '' }), { code: 'form', message: /code is not right/ })
  await assert.rejects(signIn(issuer, { ...people.maria, password: 'Demo' }), { code: 'form', message: /password is wrong/ })
  await assert.rejects(signIn(issuer, { ...people.maria, email: 'nobody@demo.pharmagraph.test' }), { code: 'form', message: /password is wrong/ })
})

test('who asks for a second factor that an account does not have is told so', async () => {
  await assert.rejects(signIn(issuer, people.ivan, { otp: true }), { code: 'no_second_factor' })
})

test('patients cannot use the staff application, nor staff the patients\'', async () => {
  await assert.rejects(signIn(issuer, people.maria, { clientId: 'staff' }), { code: 'form', message: /cannot use Pharmagraph staff/ })
  await assert.rejects(signIn(issuer, people.tom, { clientId: 'web' }), { code: 'form', message: /cannot use Pharmagraph\./ })
})

test('in one browser an application opens without a question, and another account ends the first session', async () => {
  const maria = await signIn(issuer, people.maria)
  const unasked = { ...people.maria, password: 'not needed' }
  assert.equal((await claimsOf(await maria.signInAs(unasked, { clientId: 'mobile' }))).sub, people.maria.id)
  const nora = await maria.signInAs(people.nora)
  assert.deepEqual([(await claimsOf(nora)).sub, (await claimsOf(nora)).scope], [people.nora.id, 'staff'])
  await assert.rejects(maria.refresh(), { code: 'invalid_grant' })
  assert.equal((await claimsOf(await nora.refresh())).sub, people.nora.id)
})

test('an authorization request without PKCE or with a foreign redirect is refused', async () => {
  const request = new URL('/auth', issuer)
  const params = { client_id: 'web', response_type: 'code', scope: 'openid patient', redirect_uri: 'http://localhost:3000/api/auth/callback' }
  request.search = new URLSearchParams(params).toString()
  const withoutPkce = await fetch(request, { redirect: 'manual' })
  assert.match(withoutPkce.headers.get('location') ?? '', /^http:\/\/localhost:3000\/api\/auth\/callback\?error=invalid_request/)
  request.searchParams.set('redirect_uri', 'https://evil.example/callback')
  const elsewhere = await fetch(request, { redirect: 'manual' })
  assert.deepEqual([elsewhere.status, elsewhere.headers.get('location')], [400, null])
})

test('a sign-up makes a patient with an id of their own, who can sign in after a restart', async () => {
  const form = { givenName: 'Zoë', familyName: '<b>O\'Neil</b>', email: 'Zoe@Example.com', password: 'correct horse' }
  const claims = await claimsOf(await signUp(issuer, form))
  assert.deepEqual(claims['roles'], ['patient'])
  assert.match(String(claims['patient_id']), /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.notEqual(claims['patient_id'], claims.sub)

  const file = join(dataDir, 'accounts.json')
  assert.ok(!readFileSync(file, 'utf8').includes(form.password))
  assert.equal(statSync(file).mode & 0o077, 0)
  await identity.restart()
  const again = await claimsOf(await signIn(issuer, { email: 'zoe@example.com', password: form.password }))
  assert.deepEqual([again.sub, again['patient_id']], [claims.sub, claims['patient_id']])
})

test('a sign-up says what is wrong with it', async () => {
  const form = { givenName: 'Ann', familyName: 'Lee', email: 'ann@example.com', password: 'long enough' }
  await assert.rejects(signUp(issuer, { ...form, password: 'short' }), { code: 'form', message: /at least 8 characters/ })
  await assert.rejects(signUp(issuer, { ...form, email: people.maria.email.toUpperCase() }), { code: 'form', message: /already an account/ })
  await assert.rejects(signUp(issuer, { ...form, givenName: ' ', email: 'ann' }), { code: 'form', message: /first name.*e-mail address/ })
  await assert.rejects(signIn(issuer, { email: form.email, password: form.password }), { code: 'form' })
})

test('tokens stay valid over a restart: the signing key is kept', async () => {
  const session = await signIn(issuer, people.aisha)
  await identity.restart()
  assert.equal((await claimsOf(session)).sub, people.aisha.id)
})

test('S51 an account is found by patient id and removed for good over SCIM, by whoever has the token', async () => {
  const { patient_id: patientId } = await claimsOf(await signUp(issuer, { givenName: 'Gone', familyName: 'Soon', email: 'gone@example.com', password: 'long enough' }))
  const scim = async (path: string, { method = 'GET', token = 'scim-test-token' } = {}) => {
    const response = await fetch(`${issuer}/scim/v2${path}`, { method, headers: { authorization: `Bearer ${token}` } })
    const text = await response.text()
    return { status: response.status, body: (text ? JSON.parse(text) : {}) as { Resources?: { id: string; externalId: string; roles: object[] }[] } }
  }
  const find = (id: unknown) => scim(`/Users?filter=${encodeURIComponent(`externalId eq "${id}"`)}`)
  const [user, ...others] = (await find(patientId)).body.Resources!
  assert.deepEqual([user?.externalId, user?.roles, others], [patientId, [{ value: 'patient' }], []])
  assert.deepEqual([(await scim(`/Users/${user!.id}`, { method: 'DELETE', token: 'other' })).status, (await scim('/Users')).status, (await scim('/Users/none', { method: 'DELETE' })).status], [401, 400, 404])
  const session = await signIn(issuer, people.james)
  for (const id of [user!.id, people.james.id]) assert.equal((await scim(`/Users/${id}`, { method: 'DELETE' })).status, 204)
  await assert.rejects(session.refresh(), { code: 'invalid_grant' })
  await identity.restart()
  assert.deepEqual((await find(patientId)).body.Resources, [])
  await assert.rejects(signIn(issuer, { email: 'gone@example.com', password: 'long enough' }), { code: 'form', message: /password is wrong/ })
  await assert.rejects(signIn(issuer, people.james), { code: 'form', message: /password is wrong/ })
})

test('a partner gets a token by client credentials, and only with its secret', async () => {
  const claims = await claimsOf(await clientCredentials(issuer, 'partner-clinic', 'partner-clinic-demo-secret'))
  assert.deepEqual([claims.sub, claims['client_id'], claims['scope'], claims['roles']], ['partner-clinic', 'partner-clinic', 'partner', ['partner']])
  await assert.rejects(clientCredentials(issuer, 'partner-clinic', 'wrong'), { code: 'invalid_client' })
})
