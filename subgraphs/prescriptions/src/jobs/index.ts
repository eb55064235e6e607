import { expireLeases } from './expire-leases.ts'
import { expirePrescriptions } from './expire-prescriptions.ts'

export const jobs = [expireLeases, expirePrescriptions]
