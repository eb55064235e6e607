import { clock } from '@pharmagraph/platform'
import { defineEntity, p } from '@mikro-orm/postgresql'

/** A patient as the payment provider knows them: by an id, and nothing else of ours. */
export const PaymentCustomerSchema = defineEntity({
  name: 'PaymentCustomer',
  tableName: 'payment_customer',
  properties: {
    patientId: p.uuid().primary(),
    providerId: p.string().unique(),
    createdAt: p.datetime().onCreate(() => clock.now()),
  },
})
export class PaymentCustomer extends PaymentCustomerSchema.class {}
PaymentCustomerSchema.setClass(PaymentCustomer)

/** A payment method kept at the provider for later. What is here is what a receipt shows. */
export const SavedMethodSchema = defineEntity({
  name: 'SavedMethod',
  tableName: 'saved_method',
  properties: {
    /** The provider's pm_…. */
    id: p.string().primary(),
    patientId: p.uuid().index(),
    brand: p.string(),
    last4: p.string().length(4),
    expMonth: p.integer(),
    expYear: p.integer(),
    addedAt: p.datetime().onCreate(() => clock.now()),
    removedAt: p.datetime().nullable(),
  },
})
export class SavedMethod extends SavedMethodSchema.class {}
SavedMethodSchema.setClass(SavedMethod)
