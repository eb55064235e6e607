import { after, test } from 'node:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { play } from '../../dev/src/demos/clinical.ts'
import { silent } from '../../dev/src/journey/journey.ts'
import { databaseSetting } from '../../dev/src/stack/environment.ts'
import { startStack } from '../../dev/src/stack/stack.ts'

const dataDir = await mkdtemp(join(tmpdir(), 'pharmagraph-clinical-'))
const stack = await startStack({ dataDir, ports: 'free', seed: true, log: 'file' })
after(async () => {
  await stack.stop()
  await rm(dataDir, { recursive: true, force: true })
})

test('C2 C13 S69 S71 schedule II refused with its citation, a forgery caught, a contraindication answered by two, a question and a renewal answered, three pharmacists at one queue', { timeout: 240_000 }, async () => {
  // the play tampers with the database past everything that guards it
  process.env[databaseSetting('prescriptions')] = stack.postgres.urlFor('prescriptions')
  const { gatewayUrl, wsUrl, issuer, sandboxes } = stack
  await play({ gatewayUrl, wsUrl, issuer, sandboxes, dataDir }, silent)
})
