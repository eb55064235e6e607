import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createVault, keyProviderFromSettings, localKeyProvider, newId, rotatingKeyProvider, systemActor, transact, versionOf, type KeyProvider } from '@pharmagraph/platform'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { registration } from './support.ts'

const [oldKek, newKek] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
process.env['KEK'] = newKek.toString('base64')
process.env['KEK_PREVIOUS'] = oldKek.toString('base64')
const { createPatient } = await import('../src/commands/register-patient.ts')
const { services } = await import('../src/services.ts')
const { patients } = await import('../src/subgraph.ts')

const subgraph = await testSubgraph(patients)
const system = systemActor('test')
const { orm } = subgraph.running
const registeredUnder = async (keyProvider: KeyProvider): Promise<string> => {
  const under = { ...services(), vault: createVault(keyProvider) }
  const input = { ...registration, sex: 'FEMALE' as const, preferredLanguage: 'en', consents: ['DISPENSING' as const], policyVersion: '1' }
  return (await transact(orm, (em) => createPatient(em, system, under, newId(), input))).id
}
const readable = async (ids: string[]) => {
  const { _entities } = await subgraph.data(actorWith('pharmacist'), 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Patient { name { given } } } }', { r: ids.map((id) => ({ __typename: 'Patient', id })) })
  return _entities.every((patient: { name: { given: string } } | null) => patient?.name.given === 'Ana')
}
const openWith = (keyProvider: KeyProvider, id: string) => transact(orm, async (em) => {
  const [row] = await em.execute<{ sealed: string }[]>('select sealed from patient where id = ?', [id])
  return createVault(keyProvider).open<{ given: string }>(em, id, row!.sealed)
})

test('S45 the key-encryption key is changed while everything goes on being read and written', async () => {
  const before = [await registeredUnder(localKeyProvider(oldKek)), await registeredUnder(rotatingKeyProvider(oldKek, [newKek])), await registeredUnder(rotatingKeyProvider(oldKek, []))]
  const fresh = await registeredUnder(keyProviderFromSettings())
  const erased = await registeredUnder(rotatingKeyProvider(oldKek, []))
  await subgraph.sql('update data_key set wrapped = null, destroyed_at = now() where subject_id = $1', [erased])
  assert.ok(await readable([...before, fresh]))
  // an instance that still wraps under the old key, but knows the new one, reads what the new ones write
  assert.equal((await openWith(rotatingKeyProvider(oldKek, [newKek]), fresh)).given, 'Ana')

  const sealed = await subgraph.sql('select id, sealed from patient order by id')
  let rewrapped = false
  const reading = (async () => {
    while (!rewrapped) assert.ok(await readable([...before, fresh]))
  })()
  for (let n = 0; n < 2; n++) await transact(orm, (em) => services().vault.rewrap(em, 500))
  rewrapped = true
  await reading

  assert.deepEqual(await subgraph.sql('select distinct kek_version from data_key where wrapped is not null'), [{ kek_version: versionOf(newKek) }])
  assert.deepEqual(await subgraph.sql('select wrapped from data_key where subject_id = $1', [erased]), [{ wrapped: null }])
  assert.deepEqual(await subgraph.sql('select id, sealed from patient order by id'), sealed)
  for (const id of before) assert.equal((await openWith(rotatingKeyProvider(newKek, []), id)).given, 'Ana')
  await assert.rejects(openWith(rotatingKeyProvider(oldKek, []), before[0]!), /neither KEK nor KEK_PREVIOUS/)
})

test('a key names itself: the same key has the same version everywhere, different keys have different ones', () => {
  assert.equal(versionOf(oldKek), versionOf(Buffer.from(oldKek)))
  assert.notEqual(versionOf(oldKek), versionOf(newKek))
  assert.ok(versionOf(oldKek) > 1 && versionOf(oldKek) < 2 ** 31)
})
