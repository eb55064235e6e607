import { defineAccess, hasRole, isStaff, type Actor } from '@pharmagraph/platform'

type OfPatient = { id: string }
const self = (actor: Actor, { id }: OfPatient): boolean => hasRole(actor, 'patient') && actor.patientId === id
/** Who needs whole records for treatment or to help (45 CFR 164.502(b)); compliance reads through its own workflows. */
export const seesEveryPatient = (actor: Actor): boolean => hasRole(actor, 'technician', 'pharmacist', 'pharmacist-in-charge', 'support', 'system')

/** Caregivers see what reads give them (reads/visible-patients.ts) and change nothing. */
export const access = defineAccess({
  'patient:view': (actor: Actor, patient: OfPatient) => self(actor, patient) || seesEveryPatient(actor),
  'patient:register': self,
  'patient:update-contact': self,
  'patient:set-consent': self,
  'patient:add-insurance': (actor: Actor, patient: OfPatient) => self(actor, patient) || seesEveryPatient(actor),
  'patient:record-allergy': (actor: Actor, patient: OfPatient) => self(actor, patient) || hasRole(actor, 'technician', 'pharmacist', 'pharmacist-in-charge', 'system'),
  'patient:record-condition': (actor: Actor, patient: OfPatient) => self(actor, patient) || hasRole(actor, 'technician', 'pharmacist', 'pharmacist-in-charge', 'system'),
  'patient:post-message': (actor: Actor, patient: OfPatient) => self(actor, patient) || hasRole(actor, 'pharmacist', 'pharmacist-in-charge'),
  'patient:delegate': (actor: Actor, patient: OfPatient) => self(actor, patient) || hasRole(actor, 'system'),
  'practitioner:view': () => true,
  'practitioner:list': (actor: Actor) => isStaff(actor) || hasRole(actor, 'prescriber', 'partner'),
  'practitioner:see-dea-number': (actor: Actor) => isStaff(actor) || hasRole(actor, 'prescriber'),
  'practitioner:register': (actor: Actor) => hasRole(actor, 'system', 'pharmacist-in-charge'),
})
