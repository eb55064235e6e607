import { createVault, keySetting, localKeyProvider, setting, type Vault } from '@pharmagraph/platform'
import { httpNetwork } from './erx/network.ts'
import type { ErxNetwork } from './erx/port.ts'
import { localPdmp } from './pdmp/local.ts'
import type { Pdmp } from './pdmp/port.ts'

export type Services = {
  vault: Vault
  /** Keys the hashes by which patients are found. */
  matchKey: Buffer
  network: ErxNetwork
  /** The states' monitoring programmes. */
  pdmp: Pdmp
  /** Signs what comes from and goes to the e-prescribing network. */
  webhookSecret: string
}

let made: Services | undefined
/** Made on first use: consumers and jobs share them with the rest of the process. */
export const services = (): Services => {
  if (made) return made
  const webhookSecret = setting('ERX_WEBHOOK_SECRET')
  return (made = {
    vault: oneKeyPerPerson(createVault(localKeyProvider(keySetting('KEK')))),
    matchKey: keySetting('MATCH_KEY'),
    network: httpNetwork(setting('ERX_NETWORK_URL'), webhookSecret),
    pdmp: localPdmp(),
    webhookSecret,
  })
}

/** Two messages about a person not heard of before must not both make that person's key: the second waits for the first. */
const oneKeyPerPerson = (vault: Vault): Vault => ({
  ...vault,
  async seal(em, subjectId, value) {
    await em.execute('select pg_advisory_xact_lock(hashtext(?))', [`data-key:${subjectId}`])
    return vault.seal(em, subjectId, value)
  },
})
