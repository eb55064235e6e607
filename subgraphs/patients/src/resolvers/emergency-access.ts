import { allowedActions, clock, hasRole } from '@pharmagraph/platform'
import type { EmergencyAccessResolvers } from '../generated/resolvers.ts'
import type { EmergencyAccess } from '../entities/emergency-access.ts'
import { emergencyAccessLifecycle } from '../lifecycles/emergency-access.ts'
import { openAll } from '../opened.ts'

export const emergencyAccessResolvers: EmergencyAccessResolvers = {
  patient: ({ patientId }, _args, { loaders }) => loaders.patient.load(patientId),
  practitioner: ({ practitionerId }, _args, { loaders }) => (practitionerId ? loaders.practitioner.load(practitionerId) : null),
  // who judges it reads the note; the record itself stays closed to compliance
  note: async (granted, _args, { actor, em, services }) =>
    hasRole(actor, 'compliance') || granted.subject === actor.subject || actor.patientId === granted.patientId
      ? ((await openAll<EmergencyAccess, { note: string }>(em, services.vault, [granted]))[0]?.note ?? null)
      : null,
  inForce: ({ status, expiresAt }) => status === 'ACTIVE' && expiresAt > clock.now(),
  allowedActions: (granted, _args, { actor }) => allowedActions(emergencyAccessLifecycle, granted, actor),
}
