import { resolve } from 'node:path'
import { keySetting, optionalSetting, setting, vaultFromSettings, type Vault } from '@pharmagraph/platform'
import type { AccountDirectory } from './accounts/port.ts'
import { scimDirectory } from './accounts/scim.ts'
import { httpRegister } from './licences/http-register.ts'
import { localRegister } from './licences/local-register.ts'
import type { LicenceRegister } from './licences/port.ts'
import { mailNotifier } from './notify/mail.ts'
import type { Notifier } from './notify/port.ts'

export type Services = {
  vault: Vault
  /** Keys the hashes by which sealed values are found, and the seal of clinical profiles. */
  matchKey: Buffer
  notifier: Notifier
  licenceRegister: LicenceRegister
  /** Undefined where accounts are nobody's to remove but the provider's own. */
  accounts: AccountDirectory | undefined
}

const demoRegister = resolve(import.meta.dirname, '../data/licence-register.json')

const registerFromSettings = (): LicenceRegister => {
  const url = optionalSetting('LICENCE_REGISTER_URL')
  return url ? httpRegister(url, optionalSetting('LICENCE_REGISTER_TOKEN')) : localRegister(setting('LICENCE_REGISTER_FILE', demoRegister))
}

const directoryFromSettings = (): AccountDirectory | undefined => {
  const url = optionalSetting('IDENTITY_SCIM_URL')
  return url ? scimDirectory(url, setting('IDENTITY_SCIM_TOKEN')) : undefined
}

let made: Services | undefined
/** Made on first use: jobs share them with the rest of the process. */
export const services = (): Services =>
  (made ??= {
    vault: vaultFromSettings(),
    matchKey: keySetting('MATCH_KEY'),
    notifier: mailNotifier(setting('MAIL_URL')),
    licenceRegister: registerFromSettings(),
    accounts: directoryFromSettings(),
  })
