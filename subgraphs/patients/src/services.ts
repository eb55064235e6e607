import { createVault, keySetting, localKeyProvider, setting, type Vault } from '@pharmagraph/platform'
import { mailNotifier } from './notify/mail.ts'
import type { Notifier } from './notify/port.ts'

export type Services = {
  vault: Vault
  /** Keys the hashes by which sealed values are found. */
  matchKey: Buffer
  notifier: Notifier
}

let made: Services | undefined
/** Made on first use: jobs share them with the rest of the process. */
export const services = (): Services =>
  (made ??= {
    vault: createVault(localKeyProvider(keySetting('KEK'))),
    matchKey: keySetting('MATCH_KEY'),
    notifier: mailNotifier(setting('MAIL_URL')),
  })
