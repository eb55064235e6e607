import { forbidden, isStaff, page } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { EmergencyFollowUp } from '../entities/emergency-follow-up.ts'
import { WorkerSkills } from '../entities/worker-skills.ts'
import { Prescription } from '../entities/prescription.ts'
import type { QueryResolvers } from '../generated/resolvers.ts'
import { dispensedFills } from '../reads/dispensed-fills.ts'
import { overduePdmpReports } from '../reads/overdue-pdmp-reports.ts'
import { visibleImport } from '../reads/visible-import.ts'
import { controlledDispensing } from '../reads/controlled-dispensing.ts'

export const queryResolvers: QueryResolvers = {
  prescription: (_source, { id }, { loaders }) => loaders.prescription.load(id),
  fill: (_source, { id }, { loaders }) => loaders.fill.load(id),
  refillRequest: (_source, { id }, { loaders }) => loaders.refillRequest.load(id),
  workQueue: (_source, { name }, { actor }) => {
    if (!isStaff(actor)) throw forbidden('the work queues are for staff')
    return { name }
  },
  workerSkills: (_source, _args, { em, actor }) => {
    access.must(actor, 'work-item:pick', undefined)
    return em.find(WorkerSkills, {}, { orderBy: { subject: 'asc' }, limit: 500 })
  },
  dispensedFills: (_source, { first, after, ...of }, { em, actor }) => {
    access.must(actor, 'record:read', undefined)
    return dispensedFills(em, of, { first: first ?? 50, after })
  },
  controlledDispensingReport: (_source, { month }, { em, actor }) => {
    access.must(actor, 'report:read', undefined)
    return controlledDispensing(em, month)
  },
  overduePdmpReports: (_source, _args, { em, actor }) => {
    access.must(actor, 'report:read', undefined)
    return overduePdmpReports(em)
  },
  emergencyFollowUps: (_source, { status, first, after }, { em, actor }) => {
    access.must(actor, 'emergency:read', undefined)
    return page(em, EmergencyFollowUp, status ? { status } : {}, { first: first ?? 50, after }, 'asc')
  },
  bulkImport: (_source, { id }, { em, actor }) => visibleImport(em, actor, id),
  writtenPrescriptions: (_source, { first, after }, { em, actor }) => {
    if (!actor.roles.includes('prescriber') || !actor.practitionerId) throw forbidden('only a prescriber has written prescriptions')
    return page(em, Prescription, { practitionerId: actor.practitionerId }, { first: first ?? 20, after })
  },
}
