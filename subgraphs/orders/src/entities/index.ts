import { CartLineSchema, CartSchema } from './cart.ts'
import { AddressFactSchema, ConsentFactSchema, DrugFactSchema, PrescriptionFactSchema } from './facts.ts'
import { OrderLineSchema, OrderSchema } from './order.ts'
import { DisputeSchema, LedgerEntrySchema, PaymentAttemptSchema, PaymentSchema, RefundSchema } from './payment.ts'
import { StripeEventSchema } from './stripe-event.ts'

export const entities = [
  CartSchema, CartLineSchema, OrderSchema, OrderLineSchema, PaymentSchema, PaymentAttemptSchema, RefundSchema, DisputeSchema, LedgerEntrySchema,
  StripeEventSchema, DrugFactSchema, PrescriptionFactSchema, ConsentFactSchema, AddressFactSchema,
]
