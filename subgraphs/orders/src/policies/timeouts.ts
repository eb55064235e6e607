/** House policy. */
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

export const timeouts = {
  /** An order with stock held waits so long for a payment. */
  unpaid: 30 * minute,
  /** An order that was placed while the patient was away and cannot be charged: they are told, and may be asleep. */
  unpaidUnattended: 48 * hour,
  /** An order waits so long for goods. */
  backordered: 14 * day,
  /** So long before the bank lets the hold go, an order that is not released gives up: a capture must never come too late. */
  beforeAuthorizationEnds: 24 * hour,
  /** Complaints about a delivered parcel are made within it. */
  closing: 14 * day,
  /** A payment that waits for the provider's answer longer than this is asked about. */
  answerFromProvider: 2 * minute,
  /** A payment that waits for the patient at their bank. */
  answerFromPatient: 10 * minute,
  /** Stripe repeats a webhook for three days; one that is still a riddle then is none of ours. */
  parkedWebhook: 3 * day,
} as const
