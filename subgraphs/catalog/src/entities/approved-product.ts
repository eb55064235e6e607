import { defineEntity, p } from '@mikro-orm/postgresql'

/** A product of an approved application in Drugs@FDA, with its therapeutic equivalence code. Written by imports alone. */
export const ApprovedProductSchema = defineEntity({
  name: 'ApprovedProduct',
  tableName: 'approved_product',
  properties: {
    /** Six digits. */
    applicationNumber: p.string().primary(),
    productNumber: p.string().primary(),
    applicationType: p.string(),
    sponsor: p.string(),
    name: p.string(),
    activeIngredient: p.string().length(2000),
    dosageForm: p.string(),
    route: p.string(),
    strength: p.string().length(2000),
    /** The strength as it is compared: `strengthKey`. */
    strengthKey: p.string().length(2000),
    marketingStatus: p.string(),
    /** Orange Book code: A… is equivalent to the others with the same code, B… is not. */
    teCode: p.string().nullable(),
    referenceDrug: p.boolean(),
    fingerprint: p.string(),
    withdrawnAt: p.datetime().nullable(),
  },
})
export class ApprovedProduct extends ApprovedProductSchema.class {}
ApprovedProductSchema.setClass(ApprovedProduct)
