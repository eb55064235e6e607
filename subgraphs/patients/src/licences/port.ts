import type { LicenceStatus } from '../entities/practitioner.ts'

export type LicenceNumber = { number: string; state: string }
/** `expiresOn`: YYYY-MM-DD. */
export type RegisterEntry = LicenceNumber & { status: LicenceStatus; expiresOn: string }

/** What we need of the registers of the state boards. Undefined where no such licence is known; throws UNAVAILABLE when it may be asked again. */
export type LicenceRegister = { find(licence: LicenceNumber): Promise<RegisterEntry | undefined> }
