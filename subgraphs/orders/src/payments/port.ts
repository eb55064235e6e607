/** What we need of a payment provider: hold an amount on a card, take it later, let it go, give it back. */

/** A PaymentIntent as the provider describes it at one moment. Amounts in minor units. */
export type Intent = {
  id: string
  /** From the intent's metadata: which order and which attempt made it. */
  orderId: string | null
  attempt: number
  status: 'requires_payment_method' | 'requires_confirmation' | 'requires_action' | 'processing' | 'requires_capture' | 'succeeded' | 'canceled'
  /** Held and open to capture. */
  authorizedMinor: number
  capturedMinor: number
  refundedMinor: number
  clientSecret: string | null
  nextActionUrl: string | null
  /** RFC 3339; the hold is released by the card's bank after it. */
  captureBefore: string | null
  /** Whether the hold may be captured in parts; null where there is none yet. */
  multicapture: boolean | null
  /** Ended by the provider or the bank, not by us. */
  lapsed: boolean
  failure: { code: string; message: string } | null
}

/** What a webhook lets us know of an intent: most of it for intent events, little for those about a charge or a refund. */
export type IntentNews = Pick<Intent, 'id' | 'orderId' | 'attempt'> & Partial<Omit<Intent, 'clientSecret'>> & { refund?: { key: string; state: RefundState }; dispute?: DisputeNews }

/** A chargeback as it stands; `at` is RFC 3339. */
export type DisputeNews = { id: string; status: 'OPEN' | 'WON' | 'LOST'; amountMinor: number; currency: string; reasonCode: string; openedAt: string; at: string }

export type ProviderEvent = {
  id: string
  type: string
  /** Undefined for an event that concerns no payment of ours. */
  news: IntentNews | undefined
  /** A method was saved for later. */
  saved?: { customerId: string; paymentMethodId: string }
}

/** What a receipt shows of a card. */
export type MethodDetails = { id: string; brand: string; last4: string; expMonth: number; expYear: number }

export type Authorization = {
  orderId: string
  attempt: number
  amountMinor: number
  currency: string
  paymentMethodId: string | null
  /** The provider's customer, where the patient has one: a saved method is charged with it. */
  customerId: string | null
  /** The patient is not there to confirm. */
  offSession: boolean
  /** Set where an intent is there and shall be confirmed with another method. */
  intentId: string | null
}

/** The provider refused the request as such; asking again the same way is of no use. */
export type Refusal = { code: string; message: string }

export type RefundState = 'PENDING' | 'SUCCEEDED' | 'FAILED'
export type RefundAnswer = { id: string; state: RefundState; failureCode: string | null } | { refusal: Refusal }

export type PaymentPort = {
  /** Makes an intent with manual capture, or confirms the one there is. A decline is no error: the intent tells it. */
  authorize(request: Authorization): Promise<{ intent: Intent } | { refusal: Refusal }>
  /** What cannot be done any more stays undone: the intent returned tells what is true. `attempt` is the one that made the intent. */
  /** `number` counts the captures of an order; `final` lets go of the rest of the hold, and may take nothing. */
  capture(request: { orderId: string; attempt: number; intentId: string; number: number; amountMinor: number; final: boolean }): Promise<Intent>
  cancel(request: { orderId: string; attempt: number; intentId: string }): Promise<Intent>
  refund(request: { orderId: string; intentId: string; key: string; amountMinor: number }): Promise<RefundAnswer>
  /** The customer that stands for a patient; asked again, the same. */
  openCustomer(patientId: string): Promise<string>
  /** For a method that the browser names. */
  startSetup(request: { customerId: string; key: string }): Promise<{ id: string; clientSecret: string | null; nextActionUrl: string | null }>
  /** Saves a method for payments without the patient; the bank may want to see them first. */
  saveMethod(request: { customerId: string; paymentMethodId: string; key: string }): Promise<
    { method: MethodDetails } | { setup: { id: string; clientSecret: string | null; nextActionUrl: string | null } } | { refusal: Refusal }
  >
  describeMethod(paymentMethodId: string): Promise<MethodDetails>
  /** Nobody can charge it any more. One that is gone already is no error. */
  forgetMethod(paymentMethodId: string): Promise<void>
  find(intentId: string): Promise<Intent>
  /** Verifies the signature over the raw bytes; throws BAD_SIGNATURE. */
  readEvent(body: Buffer, signature: string | undefined): ProviderEvent
}
