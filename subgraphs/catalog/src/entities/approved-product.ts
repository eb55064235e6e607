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
    sponsor: p.text(),
    name: p.text(),
    activeIngredient: p.text(),
    dosageForm: p.text(),
    route: p.text(),
    strength: p.text(),
    /** The strength as it is compared: `strengthKey`. */
    strengthKey: p.text(),
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
