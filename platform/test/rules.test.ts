import { test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { exportJWK, generateKeyPair } from 'jose'
import {
  AppError, actorVerifier, addDays, addMonths, allowedActions, anonymous, blindIndex, defineAccess, defineLifecycle, format, fraction, hasRole,
  money, secondFactorWithin, signActor, sum, systemActor, to, type Actor,
} from '@pharmagraph/platform'

const day = fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10))

test('six months after a day the month lacks is the last day of that month', () => {
  assert.equal(addMonths('2026-08-31', 6), '2027-02-28')
  assert.equal(addMonths('2027-08-31', 6), '2028-02-29')
  assert.equal(addMonths('2026-11-22', 6), '2027-05-22')
  assert.equal(addMonths('2026-12-31', 12), '2027-12-31')
})

test('adding months never skips a month and keeps the day where the month has it', () => {
  fc.assert(fc.property(day, fc.integer({ min: 0, max: 48 }), (from, months) => {
    const result = addMonths(from, months)
    const [fromYear, fromMonth, fromDay] = from.split('-').map(Number) as [number, number, number]
    const [year, month, dayOfMonth] = result.split('-').map(Number) as [number, number, number]
    assert.equal(year * 12 + month, fromYear * 12 + fromMonth + months)
    assert.ok(dayOfMonth === fromDay || (dayOfMonth < fromDay && addDays(result, 1).endsWith('-01')))
  }))
})

test('days add and take away to the same day', () => {
  fc.assert(fc.property(day, fc.integer({ min: -4000, max: 4000 }), (from, days) => addDays(addDays(from, days), -days) === from))
})

test('money adds exactly, rounds half up, and refuses fractions and mixed currencies', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: -1_000_000, max: 1_000_000 })), (amounts) => sum(amounts.map((amount) => money(amount))).amountMinor === amounts.reduce((a, b) => a + b, 0)))
  assert.equal(fraction(money(1005), 1, 10).amountMinor, 101)
  assert.equal(fraction(money(1004), 1, 10).amountMinor, 100)
  assert.throws(() => money(10.5), RangeError)
  assert.throws(() => sum([money(1, 'EUR')]), RangeError)
  assert.equal(format(money(123456)), '$1,234.56')
  assert.equal(format(money(500, 'JPY')), '¥500')
})

type Door = { id: string; status: 'OPEN' | 'SHUT' | 'LOCKED' }
const doorLifecycle = defineLifecycle<Door['status'], Door>({
  name: 'door',
  initial: 'OPEN',
  table: {
    OPEN: { shut: to('SHUT', { by: ['patient', 'pharmacist'] }) },
    SHUT: { open: to('OPEN', { by: ['patient'] }), lock: to('LOCKED', { by: ['pharmacist'], when: [(_door, actor) => (actor.amr.includes('otp') ? undefined : { code: 'NO_KEY', message: 'bring the key' })] }) },
    LOCKED: {},
  },
})

test('allowed actions follow state, role and guards', () => {
  const as = (roles: Actor['roles'], amr: string[] = []): Actor => ({ subject: 's', roles, scopes: [], amr })
  const shut: Door = { id: '1', status: 'SHUT' }
  assert.deepEqual(allowedActions(doorLifecycle, shut, as(['patient'])), ['open'])
  assert.deepEqual(allowedActions(doorLifecycle, shut, as(['pharmacist'])), [])
  assert.deepEqual(allowedActions(doorLifecycle, shut, as(['pharmacist'], ['otp'])), ['lock'])
  assert.deepEqual(allowedActions(doorLifecycle, { id: '1', status: 'LOCKED' }, as(['patient', 'pharmacist'], ['otp'])), [])
})

test('a lifecycle whose table leads nowhere or loses a state is refused when the process starts', () => {
  assert.throws(() => defineLifecycle({ name: 'lost', initial: 'A', table: { A: {}, B: {} } as never }), /no way leads to B/)
  assert.throws(() => defineLifecycle({ name: 'nowhere', initial: 'A', table: { A: { go: to('C' as 'A', { by: [] }) } } }), /leads nowhere/)
})

test('not yours reads as not found, and yours but not allowed as forbidden', () => {
  const access = defineAccess({
    'thing:view': (actor: Actor, owner: string) => actor.subject === owner || hasRole(actor, 'support'),
    'thing:burn': (actor: Actor, _owner: string) => hasRole(actor, 'compliance'),
  })
  const owner: Actor = { ...anonymous, subject: 'me', roles: ['patient'] }
  assert.throws(() => access.must(owner, 'thing:burn', 'me'), (error: AppError) => error.code === 'FORBIDDEN')
  assert.throws(() => access.must(owner, 'thing:burn', 'you'), (error: AppError) => error.code === 'NOT_FOUND')
  access.must({ ...owner, roles: ['compliance'] }, 'thing:burn', 'you')
})

test('S45 a subgraph takes an actor from the gateway’s key only, and only while it is fresh', async () => {
  const keys = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const strangers = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const verify = actorVerifier(await exportJWK(keys.publicKey))
  const actor = systemActor('test')
  const inAMinute = Math.floor(Date.now() / 1000) + 60
  assert.deepEqual(await verify(await signActor(actor, await exportJWK(keys.privateKey), inAMinute)), actor)
  for (const token of [undefined, 'nonsense', await signActor(actor, await exportJWK(strangers.privateKey), inAMinute), await signActor(actor, await exportJWK(keys.privateKey), inAMinute - 120)]) {
    await assert.rejects(verify(token), (error: AppError) => error.code === 'UNAUTHENTICATED')
  }
})

test('a second factor counts for as long as it is fresh', () => {
  const now = new Date('2026-11-22T12:00:00Z')
  const actor = (amr: string[], ago: number): Actor => ({ ...anonymous, amr, authTime: now.getTime() / 1000 - ago })
  assert.ok(secondFactorWithin(actor(['pwd', 'otp'], 299), 300, now))
  assert.ok(!secondFactorWithin(actor(['pwd', 'otp'], 301), 300, now))
  assert.ok(!secondFactorWithin(actor(['pwd'], 1), 300, now))
  // a little ahead is the other clock; much ahead is no sign-in that has happened
  assert.ok(secondFactorWithin(actor(['pwd', 'otp'], -59), 300, now))
  assert.ok(!secondFactorWithin(actor(['pwd', 'otp'], -61), 300, now))
})

test('a keyed hash is equal for equal values under one key and purpose, and for nothing else', () => {
  const [key, other] = [randomBytes(32), randomBytes(32)]
  assert.equal(blindIndex(key, 'EMAIL', 'a@b.c'), blindIndex(key, 'EMAIL', 'a@b.c'))
  assert.notEqual(blindIndex(key, 'EMAIL', 'a@b.c'), blindIndex(key, 'PHONE', 'a@b.c'))
  assert.notEqual(blindIndex(key, 'EMAIL', 'a@b.c'), blindIndex(other, 'EMAIL', 'a@b.c'))
})
