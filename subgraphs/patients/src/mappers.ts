import type { Consent } from './entities/consent.ts'
import type { Delegation, DelegationDetails } from './entities/delegation.ts'
import type { EmergencyAccess } from './entities/emergency-access.ts'
import type { ErasureRequest } from './entities/erasure.ts'
import type { MessageThread } from './entities/message.ts'
import type { Practitioner } from './entities/practitioner.ts'
import type { OpenedPatient } from './opened.ts'

export type PatientMapper = OpenedPatient
export type ConsentMapper = Consent
export type MessageThreadMapper = MessageThread
export type ErasureRequestMapper = ErasureRequest
export type EmergencyAccessMapper = EmergencyAccess
export type PractitionerMapper = Practitioner
export type CaregiverMapper = Delegation & DelegationDetails
export type CaregiverInvitationMapper = Delegation & DelegationDetails
export type DelegationMapper = Delegation
