/** How an issuer refuses: Stripe's code, decline code, advice and message. */
export interface Decline {
  code: string
  decline_code: string
  message: string
  param?: string
  advice_code?: string
}

/** What one of Stripe's test cards does. Numbers are no part of it; the last four digits are what Stripe shows. */
export interface TestCard {
  brand: 'visa' | 'mastercard' | 'amex' | 'discover'
  last4: string
  funding?: 'credit' | 'debit' | 'prepaid'
  country?: string
  decline?: Decline
  /** Declined only when charged: saving it works. */
  declinesLater?: true
  /** When the issuer wants 3-D Secure; `unless-saved` spares a card set up for later use, `on-request` obeys the API call. */
  authentication?: 'always' | 'unless-saved' | 'on-request'
  /** What happens by itself once the money is taken. */
  dispute?: 'fraudulent' | 'product_not_received'
  /** A refund to it stays pending until settled through the control API. */
  refundsPending?: true
}

const declined = (decline_code: string, message = 'Your card was declined.', advice_code?: string): Decline => ({
  code: 'card_declined',
  decline_code,
  message,
  ...(advice_code && { advice_code }),
})

const GENERIC = declined('generic_decline', undefined, 'try_again_later')
const INSUFFICIENT_FUNDS = declined('insufficient_funds', 'Your card has insufficient funds.', 'try_again_later')

/** The refusals of a card that wants authentication nobody is there to give, or the caller does not handle. */
export const AUTHENTICATION_REQUIRED: Decline = {
  code: 'authentication_required',
  decline_code: 'authentication_required',
  message: 'Your card was declined. This transaction requires authentication.',
}
export const AUTHENTICATION_NOT_HANDLED: Decline = { ...AUTHENTICATION_REQUIRED, decline_code: 'authentication_not_handled' }

const CARDS: Record<string, TestCard> = {
  visa: { brand: 'visa', last4: '4242' },
  visa_debit: { brand: 'visa', last4: '5556', funding: 'debit' },
  mastercard: { brand: 'mastercard', last4: '4444' },
  mastercard_debit: { brand: 'mastercard', last4: '8210', funding: 'debit' },
  mastercard_prepaid: { brand: 'mastercard', last4: '5100', funding: 'prepaid' },
  amex: { brand: 'amex', last4: '8431' },
  discover: { brand: 'discover', last4: '1117' },
  us: { brand: 'visa', last4: '4242' },

  chargeDeclined: { brand: 'visa', last4: '0002', decline: GENERIC },
  chargeDeclinedInsufficientFunds: { brand: 'visa', last4: '9995', decline: INSUFFICIENT_FUNDS },
  chargeDeclinedLostCard: { brand: 'visa', last4: '9987', decline: declined('lost_card', undefined, 'do_not_try_again') },
  chargeDeclinedStolenCard: { brand: 'visa', last4: '9979', decline: declined('stolen_card', undefined, 'do_not_try_again') },
  chargeDeclinedFraudulent: { brand: 'visa', last4: '0019', decline: declined('fraudulent') },
  chargeDeclinedVelocityLimitExceeded: {
    brand: 'visa',
    last4: '6975',
    decline: declined('card_velocity_exceeded', 'Your card was declined for making repeated attempts too frequently or exceeding its amount limit.'),
  },
  chargeDeclinedExpiredCard: {
    brand: 'visa',
    last4: '0069',
    decline: {
      code: 'expired_card',
      decline_code: 'expired_card',
      message: 'Your card has expired.',
      param: 'exp_month',
      advice_code: 'confirm_card_data',
    },
  },
  chargeDeclinedIncorrectCvc: {
    brand: 'visa',
    last4: '0127',
    decline: {
      code: 'incorrect_cvc',
      decline_code: 'incorrect_cvc',
      message: "Your card's security code is incorrect.",
      param: 'cvc',
      advice_code: 'confirm_card_data',
    },
  },
  chargeDeclinedProcessingError: {
    brand: 'visa',
    last4: '0119',
    decline: {
      code: 'processing_error',
      decline_code: 'processing_error',
      message: 'An error occurred while processing your card. Try again in a little bit.',
      advice_code: 'try_again_later',
    },
  },
  chargeCustomerFail: { brand: 'visa', last4: '0341', decline: GENERIC, declinesLater: true },

  authenticationRequired: { brand: 'visa', last4: '3184', authentication: 'always' },
  authenticationRequiredOnSetup: { brand: 'visa', last4: '3155', authentication: 'unless-saved' },
  authenticationRequiredChargeDeclinedInsufficientFunds: {
    brand: 'visa',
    last4: '3178',
    authentication: 'always',
    decline: INSUFFICIENT_FUNDS,
    declinesLater: true,
  },
  threeDSecure2Required: { brand: 'visa', last4: '3220', authentication: 'always' },
  threeDSecureRequired: { brand: 'visa', last4: '3220', authentication: 'always' },
  threeDSecureRequiredChargeDeclined: { brand: 'visa', last4: '1629', authentication: 'always', decline: GENERIC, declinesLater: true },
  threeDSecureOptional: { brand: 'visa', last4: '3055', authentication: 'on-request' },
  amex_threeDSecureNotSupported: { brand: 'amex', last4: '0005' },

  createDispute: { brand: 'visa', last4: '0259', dispute: 'fraudulent' },
  createDisputeProductNotReceived: { brand: 'visa', last4: '2685', dispute: 'product_not_received' },
  pendingRefund: { brand: 'visa', last4: '7726', refundsPending: true },
}

/**
 * The card behind a test token: `pm_card_<name>`, `pm_card_visa_<name>` for the declines, or `tok_<name>`.
 * Names and behaviour: https://docs.stripe.com/testing
 */
export function testCard(token: string): TestCard | undefined {
  const name = /^(?:pm_card|tok)_(.+)$/.exec(token)?.[1]
  if (!name) return undefined
  return Object.hasOwn(CARDS, name) ? CARDS[name] : CARDS[name.replace(/^visa_(?=chargeDeclined)/, '')]
}
