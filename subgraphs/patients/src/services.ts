import { resolve } from 'node:path'
import { keySetting, optionalSetting, setting, vaultFromSettings, type Vault } from '@pharmagraph/platform'
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
}

const demoRegister = resolve(import.meta.dirname, '../data/licence-register.json')

const registerFromSettings = (): LicenceRegister => {
  const url = optionalSetting('LICENCE_REGISTER_URL')
  return url ? httpRegister(url, optionalSetting('LICENCE_REGISTER_TOKEN')) : localRegister(setting('LICENCE_REGISTER_FILE', demoRegister))
}

let made: Services | undefined
/** Made on first use: jobs share them with the rest of the process. */
export const services = (): Services =>
  (made ??= {
    vault: vaultFromSettings(),
    matchKey: keySetting('MATCH_KEY'),
    notifier: mailNotifier(setting('MAIL_URL')),
    licenceRegister: registerFromSettings(),
  })
