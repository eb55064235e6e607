import { AutoRefillPlanSchema, AutoRefillSchema } from './auto-refill.ts'
import { CartLineSchema, CartSchema } from './cart.ts'
import { DelegationFactSchema } from './delegation.ts'
import { AddressFactSchema, ConsentFactSchema, DrugFactSchema, PrescriptionFactSchema } from './facts.ts'
import { FulfilmentSchema } from './fulfilment.ts'
import { OrderLineSchema, OrderSchema } from './order.ts'
import { CaptureSchema, DisputeSchema, LedgerEntrySchema, PaymentAttemptSchema, PaymentSchema, RefundSchema } from './payment.ts'
import { PaymentCustomerSchema, SavedMethodSchema } from './payment-method.ts'
import { ReturnSchema } from './return.ts'
import { StripeEventSchema } from './stripe-event.ts'

export const entities = [
  CartSchema, CartLineSchema, OrderSchema, OrderLineSchema, FulfilmentSchema, PaymentSchema, PaymentAttemptSchema, CaptureSchema, RefundSchema, DisputeSchema, LedgerEntrySchema,
  PaymentCustomerSchema, SavedMethodSchema, ReturnSchema, StripeEventSchema, DrugFactSchema, PrescriptionFactSchema, ConsentFactSchema, AddressFactSchema, DelegationFactSchema,
  AutoRefillPlanSchema, AutoRefillSchema,
]
