import { readFile } from 'node:fs/promises'
import { AppError } from '@pharmagraph/platform'
import { licenceStatuses } from '../entities/practitioner.ts'
import type { LicenceRegister, RegisterEntry } from './port.ts'

/** A register kept as a JSON file of entries, read at each question, so that an edit counts at the next check. */
export const localRegister = (file: string): LicenceRegister => ({
  async find({ number, state }) {
    const entries = await readFile(file, 'utf8').then((text) => JSON.parse(text) as RegisterEntry[]).catch(() => {
      throw new AppError('UNAVAILABLE', `the licence register ${file} cannot be read as JSON`)
    })
    const entry = entries.find((known) => known.number === number && known.state === state)
    if (entry && !(licenceStatuses.includes(entry.status) && /^\d{4}-\d{2}-\d{2}$/.test(entry.expiresOn))) {
      throw new AppError('UNAVAILABLE', `the licence register has an unreadable entry for ${number} of ${state}`)
    }
    return entry
  },
})
