import { test } from 'node:test'
import assert from 'node:assert/strict'
import { testSubgraph } from '../../../tests/environment.ts'
import { erase, turningVault } from '../../../tests/keys.ts'
import { homes, patientOf } from './support.ts'
import { services } from '../src/services.ts'
import { logistics } from '../src/subgraph.ts'

const { vault, rotate } = turningVault()
const subgraph = await testSubgraph({ ...logistics, services: () => ({ ...services(), vault }), jobs: [] }, { background: true, seed: true })
const addresses = async ({ patientId }: { patientId: string }) => {
  const { _entities } = await subgraph.data(patientOf({ patientId }), 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Patient { addresses { recipient line1 } } } }', { r: [{ __typename: 'Patient', id: patientId }] })
  return _entities[0].addresses as { line1: string }[]
}

test('S45 addresses stay readable while the key-encryption key changes', async () => {
  assert.match((await addresses(homes.mission))[0]!.line1, /\w/)
  await rotate(subgraph, () => addresses(homes.mission))
})

test('S51 where an erased patient lived opens no more, and nobody else is touched', async () => {
  await erase(subgraph, 'logistics', homes.clement.patientId)
  assert.deepEqual(await addresses(homes.clement), [])
  assert.ok((await addresses(homes.telegraph)).length > 0)
})
