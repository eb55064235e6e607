import { allowedActions, clock, hasRole, isId, money } from '@pharmagraph/platform'
import { access } from '../access.ts'
import type { AutoRefillPlanResolvers, AutoRefillResolvers, PrescriptionResolvers, RefillRequestResolvers } from '../generated/resolvers.ts'
import { autoRefillLifecycle } from '../lifecycles/auto-refill.ts'
import { autoRefillRowFor } from '../policies/auto-refill.ts'
import { lineTax, lineTotal, totalsOf } from '../pricing.ts'
import { reason } from '../reasons.ts'

export const autoRefillResolvers: AutoRefillResolvers = {
  __resolveReference: ({ id }, { loaders }) => (isId(id) ? loaders.autoRefill.load(id) : null),
  prescription: ({ prescriptionId }) => ({ id: prescriptionId }),
  refillRequest: ({ id }) => ({ id }),
  patient: ({ patientId }) => ({ id: patientId }),
  statusReason: ({ reasonCode }) => (reasonCode ? reason(reasonCode) : null),
  order: ({ orderId }, _args, { loaders }) => (orderId ? loaders.order.load(orderId) : null),
  plan: ({ prescriptionId }, _args, { loaders }) => loaders.autoRefillPlan.load(prescriptionId),
  estimate: async ({ prescriptionId }, _args, { loaders }) => {
    const [plan, prescription] = await Promise.all([loaders.autoRefillPlan.load(prescriptionId), loaders.prescriptionFact.load(prescriptionId)])
    const [drug, address] = await Promise.all([prescription?.drugId ? loaders.drugFact.load(prescription.drugId) : null, plan ? loaders.addressFact.load(plan.addressId) : null])
    if (!prescription || !drug || !address) return null
    const total = lineTotal(drug, prescription.quantity)
    return totalsOf([{ total, tax: lineTax(total, 'PRESCRIPTION', address.state, clock.today()) }], clock.today()).total
  },
  allowedActions: async (refill, _args, { actor, loaders }) => {
    const mayOrder = access.can(actor, 'cart:edit', { patientId: refill.patientId, delegated: await loaders.scopesFor.load(refill.patientId) })
    const allowed = allowedActions(autoRefillLifecycle, refill, actor)
    return mayOrder ? allowed.filter((verb) => verb === 'skip' || actor.patientId === refill.patientId) : hasRole(actor, 'caregiver') ? [] : allowed
  },
}

export const autoRefillPlanResolvers: AutoRefillPlanResolvers = {
  prescription: ({ prescriptionId }) => ({ id: prescriptionId }),
  address: ({ addressId }) => ({ id: addressId }),
  paymentMethod: async ({ paymentMethodId, patientId }, _args, { actor, loaders }) => {
    const method = access.can(actor, 'methods:own', { patientId }) ? await loaders.savedMethod.load(paymentMethodId) : null
    return method && !method.removedAt ? method : null
  },
  priceCeiling: ({ ceilingMinor, currency }) => money(ceilingMinor, currency),
  does: async ({ prescriptionId }, _args, { loaders }) => {
    const prescription = await loaders.prescriptionFact.load(prescriptionId)
    const drug = prescription?.drugId ? await loaders.drugFact.load(prescription.drugId) : null
    const { does, source } = autoRefillRowFor(drug?.deaSchedule ?? 'NONE', clock.today())
    return { action: does, rule: source }
  },
}

export const prescriptionResolvers: PrescriptionResolvers = {
  __resolveReference: ({ id }) => ({ id }),
  autoRefillPlan: ({ id }, _args, { loaders }) => loaders.autoRefillPlan.load(id),
}

export const refillRequestResolvers: RefillRequestResolvers = {
  __resolveReference: ({ id }) => ({ id }),
  autoRefill: ({ id }, _args, { loaders }) => (isId(id) ? loaders.autoRefill.load(id) : null),
}
