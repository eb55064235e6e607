/** What every keeper of sealed data must pass: its key-encryption key changes under it, and a person is erased from it. */
import assert from 'node:assert/strict'
import { createVault, newId, rewrapDataKeys, rotatingKeyProvider, systemActor, transact, versionOf, type Vault } from '@pharmagraph/platform'
import { eventually, type SubgraphUnderTest } from './environment.ts'

const [oldKek, newKek] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
const [before, during, after] = [rotatingKeyProvider(oldKek, []), rotatingKeyProvider(newKek, [oldKek]), rotatingKeyProvider(newKek, [])].map((provider) => createVault(provider)) as [Vault, Vault, Vault]

/** A vault that starts under the old key; `rotate` takes it to the new one as the runbook says. */
export function turningVault(): { vault: Vault; rotate(subgraph: SubgraphUnderTest, read: () => Promise<unknown>): Promise<void> } {
  let current = before
  return {
    vault: {
      seal: (...args) => current.seal(...args),
      open: (...args) => current.open(...args),
      preload: (...args) => current.preload(...args),
      rewrap: (...args) => current.rewrap(...args),
    },
    /** `read` tells what was sealed before, in plain; it must tell the same at every step. */
    async rotate(subgraph, read) {
      const versions = async () => (await subgraph.sql<{ v: number }>('select distinct kek_version as v from data_key where wrapped is not null')).map(({ v }) => v)
      const plain = await read()
      assert.deepEqual(await versions(), [versionOf(oldKek)])
      current = during
      assert.deepEqual(await read(), plain, 'keys wrapped under the old key open')
      await transact(subgraph.running.orm, (em) => rewrapDataKeys.run(em, systemActor('test'), { services: { vault: current } } as never))
      assert.deepEqual(await versions(), [versionOf(newKek)], 'every row names the new key')
      current = after
      assert.deepEqual(await read(), plain, 'the old key is not needed any more')
    },
  }
}

/** Tells the keeper that the patient is erased, twice, and waits until it has destroyed the key; needs the subgraph's background. */
export async function erase(subgraph: SubgraphUnderTest, keeper: 'orders' | 'prescriptions' | 'logistics', patientId: string): Promise<void> {
  const requestId = newId()
  const data = { requestId, patientId, from: 'RESTRICTED', to: 'ERASING', certificateHash: null } as const
  const id = await subgraph.publish('patients.erasure-status-changed.v1', requestId, data)
  await subgraph.republish('patients.erasure-status-changed.v1', requestId, data, id)
  const confirmed = await eventually(async () => {
    const told = (await subgraph.emitted(`${keeper}.patient-erased.v1`)).filter((event) => event.patientId === patientId)
    return told.length > 0 && told
  }, { what: `${keeper} to confirm` })
  assert.deepEqual(confirmed, [{ requestId, patientId }])
  assert.deepEqual(await subgraph.sql('select wrapped, destroyed_at is not null as destroyed from data_key where subject_id = $1', [patientId]), [{ wrapped: null, destroyed: true }])
}
