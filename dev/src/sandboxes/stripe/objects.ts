import { createHash } from 'node:crypto'
import type Stripe from 'stripe'
import { newId, randomText } from '../shared/ids.ts'
import type { TestCard } from './test-cards.ts'

/** A resource as it is kept: what an API call may expand is an id. */
type WithIds<T, K extends keyof T> = Omit<T, K> & { [P in K]: string | null }

export type Customer = Stripe.Customer
export type PaymentMethod = WithIds<Stripe.PaymentMethod, 'customer'> & { card: Stripe.PaymentMethod.Card }
export type PaymentIntent = WithIds<Stripe.PaymentIntent, 'customer' | 'latest_charge' | 'payment_method'>
export type SetupIntent = WithIds<Stripe.SetupIntent, 'customer' | 'payment_method'>
export type Charge = Omit<WithIds<Stripe.Charge, 'customer' | 'payment_intent'>, 'refunds'> & {
  payment_method_details: { type: 'card'; card: Stripe.Charge.PaymentMethodDetails.Card }
  refunds: List<Refund>
}
export type Refund = WithIds<Stripe.Refund, 'charge' | 'payment_intent'>
export type Dispute = Omit<Stripe.Dispute, 'charge' | 'payment_intent'> & { charge: string; payment_intent: string | null }

export interface List<T> {
  object: 'list'
  url: string
  has_more: boolean
  data: T[]
}

export interface Event {
  id: string
  object: 'event'
  api_version: string
  created: number
  data: { object: object; previous_attributes?: object }
  livemode: false
  pending_webhooks: number
  request: { id: string | null; idempotency_key: string | null }
  type: string
}

/** The version of Stripe's API whose shapes these are: that of the stripe package in use. */
export const API_VERSION = '2026-10-28.endive'

/** How long a card hold lasts. https://docs.stripe.com/payments/place-a-hold-on-a-payment-method */
const HOLD_SECONDS = 7 * 24 * 3600

const NO_ADDRESS = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null }
const NOBODY = { address: NO_ADDRESS, email: null, name: null, phone: null, tax_id: null }

export const newCustomer = (created: number): Customer => ({
  id: newId('cus'),
  object: 'customer',
  address: null,
  balance: 0,
  created,
  currency: null,
  customer_account: null,
  default_source: null,
  delinquent: false,
  description: null,
  discount: null,
  email: null,
  invoice_prefix: randomText(8, '0123456789ABCDEF'),
  invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
  livemode: false,
  metadata: {},
  name: null,
  next_invoice_sequence: 1,
  phone: null,
  preferred_locales: [],
  shipping: null,
  tax_exempt: 'none',
  test_clock: null,
})

export const newPaymentMethod = (created: number, card: TestCard): PaymentMethod => ({
  id: newId('pm'),
  object: 'payment_method',
  allow_redisplay: 'unspecified',
  billing_details: NOBODY,
  card: {
    brand: card.brand,
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
    country: card.country ?? 'US',
    display_brand: card.brand,
    exp_month: 12,
    exp_year: new Date(created * 1000).getUTCFullYear() + 3,
    fingerprint: createHash('sha256').update(`${card.brand} ${card.last4}`).digest('base64url').slice(0, 16),
    funding: card.funding ?? 'credit',
    generated_from: null,
    last4: card.last4,
    networks: { available: [card.brand], preferred: null },
    regulated_status: 'unregulated',
    three_d_secure_usage: { supported: true },
    wallet: null,
  },
  created,
  customer: null,
  customer_account: null,
  livemode: false,
  metadata: {},
  type: 'card',
})

export const newPaymentIntent = (created: number, amount: number, currency: string): PaymentIntent => {
  const id = newId('pi')
  return {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: `${id}_secret_${randomText(25)}`,
    confirmation_method: 'automatic',
    created,
    currency,
    customer: null,
    customer_account: null,
    description: null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: { card: { installments: null, mandate_options: null, network: null, request_three_d_secure: 'automatic' } },
    payment_method_types: ['card'],
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
  }
}

export const newSetupIntent = (created: number): SetupIntent => {
  const id = newId('seti')
  return {
    id,
    object: 'setup_intent',
    allowed_payment_method_types: null,
    application: null,
    automatic_payment_methods: null,
    cancellation_reason: null,
    client_secret: `${id}_secret_${randomText(31)}`,
    created,
    customer: null,
    customer_account: null,
    description: null,
    excluded_payment_method_types: null,
    flow_directions: null,
    last_setup_error: null,
    latest_attempt: null,
    livemode: false,
    mandate: null,
    metadata: {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: { card: { mandate_options: null, network: null, request_three_d_secure: 'automatic' } },
    payment_method_types: ['card'],
    single_use_mandate: null,
    status: 'requires_payment_method',
    usage: 'off_session',
  }
}

const MULTICAPTURE_BRANDS = ['amex', 'discover', 'mastercard', 'visa']

/** Where it was asked for and the network allows it; in this sandbox prepaid cards never do. https://docs.stripe.com/payments/multicapture */
const mayMulticapture = (intent: PaymentIntent, { card }: PaymentMethod): boolean =>
  intent.capture_method === 'manual' && intent.payment_method_options?.card?.request_multicapture === 'if_available' &&
  MULTICAPTURE_BRANDS.includes(card.brand) && card.funding !== 'prepaid'

/** A charge as the issuer approved it: held, not yet captured. */
export const newCharge = (created: number, intent: PaymentIntent, method: PaymentMethod, authenticated: boolean): Charge => {
  const id = newId('ch')
  const { amount, currency, customer, description, metadata, receipt_email, shipping } = intent
  return {
    id,
    object: 'charge',
    amount,
    amount_captured: 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null, // balances are not modelled
    billing_details: method.billing_details,
    calculated_statement_descriptor: 'PHARMAGRAPH',
    captured: false,
    created,
    currency,
    customer,
    description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    fraud_details: {},
    livemode: false,
    metadata,
    on_behalf_of: null,
    outcome: {
      advice_code: null,
      network_advice_code: null,
      network_decline_code: null,
      network_status: 'approved_by_network',
      reason: null,
      risk_level: 'normal',
      seller_message: 'Payment complete.',
      type: 'authorized',
    },
    paid: true,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: {
      type: 'card',
      card: {
        amount_authorized: amount,
        authorization_code: randomText(6, '0123456789'),
        brand: method.card.brand,
        ...(intent.capture_method === 'manual' && { capture_before: created + HOLD_SECONDS }),
        checks: method.card.checks,
        country: method.card.country,
        electronic_commerce_indicator: null,
        exp_month: method.card.exp_month,
        exp_year: method.card.exp_year,
        extended_authorization: { status: 'disabled' },
        fingerprint: method.card.fingerprint ?? null,
        funding: method.card.funding,
        incremental_authorization: { status: 'unavailable' },
        installments: null,
        last4: method.card.last4,
        mandate: null,
        multicapture: { status: mayMulticapture(intent, method) ? 'available' : 'unavailable' },
        network: method.card.brand,
        network_token: { used: false },
        network_transaction_id: randomText(15, '0123456789'),
        overcapture: { maximum_amount_capturable: amount, status: 'unavailable' },
        regulated_status: method.card.regulated_status,
        three_d_secure: authenticated
          ? {
              authentication_flow: 'challenge',
              electronic_commerce_indicator: '05',
              exemption_indicator: null,
              result: 'authenticated',
              result_reason: null,
              transaction_id: newId('3ds'),
              version: '2.2.0',
            }
          : null,
        transaction_link_id: null,
        wallet: null,
      },
    },
    receipt_email,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    refunds: { object: 'list', url: `/v1/charges/${id}/refunds`, has_more: false, data: [] },
    review: null,
    shipping: shipping as Charge['shipping'],
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'succeeded',
    transfer_data: null,
    transfer_group: null,
  }
}

export const newRefund = (created: number, charge: Charge, amount: number): Refund => ({
  id: newId('re'),
  object: 'refund',
  amount,
  balance_transaction: null,
  charge: charge.id,
  created,
  currency: charge.currency,
  customer: charge.customer,
  customer_account: null,
  destination_details: { card: { type: 'refund', reference_status: 'pending', reference_type: 'acquirer_reference_number' }, type: 'card' },
  metadata: {},
  payment_intent: charge.payment_intent,
  payment_method: charge.payment_method,
  reason: null,
  receipt_number: null,
  source_transfer_reversal: null,
  status: 'succeeded',
  transfer_reversal: null,
})

const NO_EVIDENCE: Dispute['evidence'] = {
  access_activity_log: null,
  billing_address: null,
  cancellation_policy: null,
  cancellation_policy_disclosure: null,
  cancellation_rebuttal: null,
  customer_communication: null,
  customer_email_address: null,
  customer_name: null,
  customer_purchase_ip: null,
  customer_signature: null,
  duplicate_charge_documentation: null,
  duplicate_charge_explanation: null,
  duplicate_charge_id: null,
  enhanced_evidence: {},
  product_description: null,
  receipt: null,
  refund_policy: null,
  refund_policy_disclosure: null,
  refund_refusal_explanation: null,
  service_date: null,
  service_documentation: null,
  shipping_address: null,
  shipping_carrier: null,
  shipping_date: null,
  shipping_documentation: null,
  shipping_tracking_number: null,
  uncategorized_file: null,
  uncategorized_text: null,
}

export const newDispute = (created: number, charge: Charge, amount: number, reason: string): Dispute => ({
  id: newId('du'),
  object: 'dispute',
  amount,
  balance_transactions: [],
  charge: charge.id,
  created,
  currency: charge.currency,
  enhanced_eligibility_types: [],
  evidence: NO_EVIDENCE,
  evidence_details: {
    due_by: created + 9 * 24 * 3600,
    enhanced_eligibility: {},
    has_evidence: false,
    past_due: false,
    submission_count: 0,
    submission_method: 'not_submitted',
  },
  intended_submission_method: null,
  is_charge_refundable: false,
  livemode: false,
  metadata: {},
  payment_intent: charge.payment_intent,
  payment_method_details: {
    card: {
      brand: charge.payment_method_details.card.brand as 'visa',
      case_type: 'chargeback',
      network: charge.payment_method_details.card.brand ?? '',
      network_reason_code: reason === 'fraudulent' ? '10.4' : '13.1',
    },
    type: 'card',
  },
  reason,
  status: 'needs_response',
})
