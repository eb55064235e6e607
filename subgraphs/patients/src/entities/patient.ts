import { clock } from '@pharmagraph/platform'
import { defineEntity, p } from '@mikro-orm/postgresql'

export const sexes = ['FEMALE', 'MALE', 'OTHER', 'UNKNOWN'] as const
export const channels = ['EMAIL', 'SMS', 'PUSH'] as const
export type Channel = (typeof channels)[number]

/** What identifies a person; lives sealed under the person's own data key only. */
export type Identity = {
  given: string
  family: string
  /** YYYY-MM-DD */
  dateOfBirth: string
  sex: (typeof sexes)[number]
  email: string
  /** E.164 */
  phone: string
}

export const PatientSchema = defineEntity({
  name: 'Patient',
  tableName: 'patient',
  properties: {
    /** The patient id of the person's token. */
    id: p.uuid().primary(),
    version: p.integer().version(),
    /** JSON of Identity. */
    sealed: p.text(),
    preferredLanguage: p.string(),
    /** Channels of notifications, the preferred one first. */
    channels: p.array().$type<Channel[]>(),
    /** HH:MM in `timeZone`; both null when there are no quiet hours. */
    quietFrom: p.string().length(5).nullable(),
    quietTo: p.string().length(5).nullable(),
    timeZone: p.string(),
    /** Counts the clinical profiles announced. */
    profileVersion: p.integer(),
    registeredAt: p.datetime().onCreate(() => clock.now()),
  },
  checks: [{ name: 'patient_quiet_hours_check', expression: '(quiet_from is null) = (quiet_to is null)' }],
})
export class Patient extends PatientSchema.class {}
PatientSchema.setClass(Patient)
