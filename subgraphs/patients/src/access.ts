import { defineAccess, hasRole, isStaff, type Actor } from '@pharmagraph/platform'
import type { Delegation, DelegationScope } from './entities/delegation.ts'
import type { EmergencyAccess } from './entities/emergency-access.ts'

/** `delegated`: what the patient lets the actor do for them, now. */
type OfPatient = { id: string; delegated?: readonly DelegationScope[] }
const self = (actor: Actor, { id }: OfPatient): boolean => hasRole(actor, 'patient') && actor.patientId === id
const mayFor = (actor: Actor, scope: DelegationScope, { delegated = [] }: OfPatient): boolean => hasRole(actor, 'caregiver') && delegated.includes(scope)
/** Who needs whole records for treatment or to help (45 CFR 164.502(b)); compliance reads through its own workflows. */
export const seesEveryPatient = (actor: Actor): boolean => hasRole(actor, 'technician', 'pharmacist', 'pharmacist-in-charge', 'support', 'system')
const keepsClinicalRecord = (actor: Actor, patient: OfPatient): boolean => self(actor, patient) || hasRole(actor, 'technician', 'pharmacist', 'pharmacist-in-charge', 'system')
const isPharmacist = (actor: Actor): boolean => hasRole(actor, 'pharmacist', 'pharmacist-in-charge')

/** Caregivers see the record and, with MESSAGES, write; nothing else here is theirs to change. */
export const access = defineAccess({
  'patient:view': (actor: Actor, patient: OfPatient) => self(actor, patient) || seesEveryPatient(actor) || mayFor(actor, 'VIEW', patient),
  'patient:register': self,
  'patient:update-contact': self,
  'patient:amend-identity': (actor: Actor) => seesEveryPatient(actor),
  'patient:set-consent': self,
  'patient:export': self,
  'patient:erase': (actor: Actor, patient: OfPatient) => self(actor, patient) || hasRole(actor, 'compliance'),
  'erasure:list': (actor: Actor) => hasRole(actor, 'compliance'),
  'patient:add-insurance': (actor: Actor, patient: OfPatient) => self(actor, patient) || seesEveryPatient(actor),
  'patient:record-allergy': keepsClinicalRecord,
  'patient:record-condition': keepsClinicalRecord,
  'patient:post-message': (actor: Actor, patient: OfPatient) => self(actor, patient) || isPharmacist(actor) || mayFor(actor, 'MESSAGES', patient),
  'patient:delegate': (actor: Actor, patient: OfPatient) => self(actor, patient) || hasRole(actor, 'system'),
  'patients:find': (actor: Actor) => seesEveryPatient(actor),
  'delegation:accept': (actor: Actor) => hasRole(actor, 'caregiver'),
  'delegation:revoke': (actor: Actor, { patientId, subject }: Delegation) => self(actor, { id: patientId }) || (hasRole(actor, 'caregiver') && subject === actor.subject),
  'thread:list': (actor: Actor) => isPharmacist(actor) || hasRole(actor, 'prescriber'),
  'record:exchange': (actor: Actor) => hasRole(actor, 'partner'),
  'glass:break': (actor: Actor) => hasRole(actor, 'prescriber'),
  'emergency-access:view': (actor: Actor, { subject }: EmergencyAccess) => hasRole(actor, 'compliance', 'system') || (hasRole(actor, 'prescriber') && subject === actor.subject),
  'emergency-review:list': (actor: Actor) => hasRole(actor, 'compliance', 'prescriber'),
  'emergency-review:decide': (actor: Actor) => hasRole(actor, 'compliance'),
  'practitioner:view': () => true,
  'practitioner:list': (actor: Actor) => isStaff(actor) || hasRole(actor, 'prescriber', 'partner'),
  'practitioner:see-dea-number': (actor: Actor) => isStaff(actor) || hasRole(actor, 'prescriber'),
  'practitioner:register': (actor: Actor) => hasRole(actor, 'system', 'pharmacist-in-charge'),
})
