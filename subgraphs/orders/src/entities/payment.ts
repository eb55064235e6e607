import { clock } from '@pharmagraph/platform'
import { defineEntity, p } from '@mikro-orm/postgresql'
import { Order } from './order.ts'
import { paymentStatuses } from './payment-status.ts'

export const PaymentSchema = defineEntity({
  name: 'Payment',
  tableName: 'payment',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    orderId: () => p.oneToOne(Order).mapToPk().owner().joinColumn('order_id'),
    patientId: p.uuid(),
    status: p.enum(paymentStatuses),
    statusSince: p.datetime(),
    amountMinor: p.integer().check('amount_minor > 0'),
    currency: p.string().length(3),
    /** What the card holds for us and is neither captured nor let go. */
    authorizedMinor: p.integer(),
    capturedMinor: p.integer().check('captured_minor >= 0 and captured_minor <= amount_minor'),
    refundedMinor: p.integer().check('refunded_minor >= 0 and refunded_minor <= captured_minor'),
    /** How many attempts to authorise were asked for. */
    attempts: p.integer(),
    /** The provider's PaymentIntent. */
    intentId: p.string().unique().nullable(),
    /** The attempt that made the intent: one made by a later attempt takes its place. */
    intentAttempt: p.integer(),
    clientSecretSealed: p.text().nullable(),
    nextActionUrl: p.text().nullable(),
    captureBefore: p.datetime().nullable(),
    /** Whether the hold may be captured in parts; null until the provider was asked. */
    multicapture: p.boolean().nullable(),
    failureCode: p.string().nullable(),
    failureMessage: p.string().nullable(),
    /** How often since the provider was last asked something gave reason to ask: a webhook, an overdue answer. */
    doubts: p.integer(),
    checkedAt: p.datetime().nullable(),
    updatedAt: p.datetime().onCreate(() => clock.now()).onUpdate(() => clock.now()),
  },
  indexes: [{ properties: ['status', 'statusSince'] }],
})
export class Payment extends PaymentSchema.class {}
PaymentSchema.setClass(Payment)

/** One try to authorise; made in turn, each under its own idempotency key, so that a repeat after a crash is the same try. */
export const PaymentAttemptSchema = defineEntity({
  name: 'PaymentAttempt',
  tableName: 'payment_attempt',
  properties: {
    paymentId: () => p.manyToOne(Payment).mapToPk().joinColumn('payment_id').primary(),
    number: p.integer().primary(),
    /** Stripe's pm_…; null makes an intent that the patient confirms in the browser. */
    paymentMethodId: p.string().nullable(),
    /** What was asked for, set when the attempt is first made: a repeat asks for the same. */
    amountMinor: p.integer().nullable(),
    /** The patient is not there to confirm, as with a refill that is sent of itself. */
    offSession: p.boolean().default(false),
    madeAt: p.datetime().nullable(),
    requestedAt: p.datetime().onCreate(() => clock.now()),
  },
})
export class PaymentAttempt extends PaymentAttemptSchema.class {}
PaymentAttemptSchema.setClass(PaymentAttempt)

/** Money asked for out of the hold, under an idempotency key of its own; it takes what its fulfilments cost. */
export const CaptureSchema = defineEntity({
  name: 'Capture',
  tableName: 'payment_capture',
  properties: {
    paymentId: () => p.manyToOne(Payment).mapToPk().joinColumn('payment_id').primary(),
    number: p.integer().primary(),
    intentId: p.string(),
    amountMinor: p.integer().check('amount_minor >= 0'),
    /** What the payment has captured in all once this is done: how we know that it is. */
    upToMinor: p.integer(),
    /** Lets go of what is left of the hold. */
    final: p.boolean(),
    requestedAt: p.datetime().onCreate(() => clock.now()),
  },
})
export class Capture extends CaptureSchema.class {}
CaptureSchema.setClass(Capture)

export const refundStatuses = ['REQUESTED', 'PENDING', 'SUCCEEDED', 'FAILED'] as const
export type RefundStatus = (typeof refundStatuses)[number]

export const RefundSchema = defineEntity({
  name: 'Refund',
  tableName: 'refund',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    orderId: () => p.manyToOne(Order).mapToPk().joinColumn('order_id'),
    idempotencyKey: p.string(),
    amountMinor: p.integer().check('amount_minor > 0'),
    currency: p.string().length(3),
    status: p.enum(refundStatuses),
    providerId: p.string().unique().nullable(),
    failureCode: p.string().nullable(),
    reasonSealed: p.text().nullable(),
    requestedBy: p.string(),
    createdAt: p.datetime().onCreate(() => clock.now()),
  },
  uniques: [{ properties: ['orderId', 'idempotencyKey'] }],
})
export class Refund extends RefundSchema.class {}
RefundSchema.setClass(Refund)

export const disputeStatuses = ['OPEN', 'WON', 'LOST'] as const

/** A chargeback: the card's bank took the amount back until it is decided. It lies over the payment, whose status it leaves alone. */
export const DisputeSchema = defineEntity({
  name: 'Dispute',
  tableName: 'dispute',
  properties: {
    /** The provider's. */
    id: p.string().primary(),
    orderId: () => p.manyToOne(Order).mapToPk().joinColumn('order_id').index(),
    status: p.enum(disputeStatuses),
    amountMinor: p.integer().check('amount_minor > 0'),
    currency: p.string().length(3),
    /** The bank's, as in `FRAUDULENT`. */
    reasonCode: p.string(),
    openedAt: p.datetime(),
    closedAt: p.datetime().nullable(),
  },
})
export class Dispute extends DisputeSchema.class {}
DisputeSchema.setClass(Dispute)

export const ledgerAccounts = ['CARD_HOLD', 'HOLD_OWED', 'PROVIDER_BALANCE', 'SALES', 'DISPUTED'] as const
export const movementKinds = ['AUTHORIZED', 'RELEASED', 'CAPTURED', 'REFUNDED', 'REFUND_REVERSED', 'DISPUTED', 'DISPUTE_WON', 'DISPUTE_LOST'] as const

/** Double entry: the rows of one movement sum to zero; debits are positive. Rows are never changed (a trigger refuses). */
export const LedgerEntrySchema = defineEntity({
  name: 'LedgerEntry',
  tableName: 'payment_ledger',
  properties: {
    id: p.bigint('number').primary().autoincrement(),
    movementId: p.uuid().index(),
    paymentId: () => p.manyToOne(Payment).mapToPk().joinColumn('payment_id').index(),
    kind: p.enum(movementKinds),
    account: p.enum(ledgerAccounts),
    amountMinor: p.integer(),
    currency: p.string().length(3),
    at: p.datetime().onCreate(() => clock.now()),
  },
})
export class LedgerEntry extends LedgerEntrySchema.class {}
LedgerEntrySchema.setClass(LedgerEntry)
