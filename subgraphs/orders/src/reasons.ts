/** Why something waits, ended, or cannot be: a code for clients, a sentence for patients. */

export const reasons = {
  // what stands in the way of ordering a line
  PRESCRIPTION_NOT_KNOWN: 'We do not have this prescription yet. Please try again in a moment.',
  PRESCRIPTION_IN_REVIEW: 'A pharmacist is still checking this prescription.',
  PRESCRIPTION_ON_HOLD: 'This prescription is on hold. The pharmacy will tell you when it can go on.',
  PRESCRIPTION_ENDED: 'This prescription can no longer be used. Please ask your prescriber for a new one.',
  PRESCRIPTION_EXPIRED: 'This prescription has expired. Please ask your prescriber for a new one.',
  NO_REFILLS_LEFT: 'No refills are left on this prescription. Please ask your prescriber for a new one.',
  PRESCRIPTION_REQUIRED: 'This medicine needs a prescription.',
  NOT_DISPENSABLE: 'This medicine may not be dispensed.',
  DRUG_NOT_KNOWN: 'We do not have the price of this medicine yet. Please try again in a moment.',
  QUANTITY_CHANGED: 'The quantity has changed. Please remove this line and add it again.',
  // what stands in the way of a checkout
  CART_EMPTY: 'Your cart is empty.',
  CART_CHECKED_OUT: 'This cart has been ordered already.',
  ADDRESS_NOT_KNOWN: 'We do not have this address yet. Please try again in a moment.',
  ADDRESS_UNDELIVERABLE: 'We cannot deliver to this address. Please choose another one.',
  CONSENT_MISSING: 'We need your consent to dispense before we can send prescription medicines.',
  // why an order ended
  PATIENT_ASKED: 'The order was cancelled as you asked.',
  CAREGIVER_ASKED: 'Your caregiver cancelled the order.',
  STAFF_DECIDED: 'The pharmacy cancelled this order.',
  STAFF_REFUNDED: 'The pharmacy gave money back.',
  LINE_BLOCKED: 'One of the medicines may not be dispensed now; see the line.',
  FILL_CANCELLED: 'The pharmacy could not prepare one of the medicines; see the line.',
  UNPAID: 'The order was not paid for in time. Nothing was charged.',
  OUT_OF_STOCK: 'The medicines did not come into stock in time. Nothing was charged.',
  STOCK_RECALLED: 'The manufacturer recalled this medicine and we have no other stock. It is not sent and not charged.',
  RETURNED_TO_STOCK: 'The pharmacy took this medicine back before it was sent. It is not charged; what was charged goes back.',
  HOLD_EXPIRED: 'The medicines could not be set aside any longer. They are not charged.',
  AUTHORIZATION_LOST: 'Your bank no longer holds the amount for us. What was not sent is not charged; please order it again.',
  // why a line is where it is
  WAITING_FOR_PAYMENT: 'Set aside for you. It goes on once the payment is authorised.',
  SET_ASIDE: 'Set aside for you.',
  BEING_FILLED: 'A pharmacist is preparing and checking this medicine.',
  READY: 'Ready to be sent.',
  REFILL_TOO_EARLY: 'It is too early for the next refill.',
  TOO_EARLY_EARLIEST_FILL_DATE: 'Your prescriber set an earliest day for this prescription.',
  // why an order waits
  PRESCRIPTION_CHECK: 'We are checking your prescription.',
  SETTING_ASIDE: 'We are setting your medicines aside.',
  INSUFFICIENT_STOCK: 'Out of stock for now. It goes on when it comes in.',
  WAITS_FOR_THE_REST: 'This is in stock and waits for the rest of the parcel.',
  PART_OUT_OF_STOCK: 'Some of the order is out of stock for now; the rest goes ahead.',
  PAYMENT_STARTING: 'We are preparing the payment.',
  PAYMENT_NEEDED: 'Please pay for the order.',
  PAYMENT_DECLINED: 'Your payment was declined. Please try again or use another card.',
  PAYMENT_CONFIRMATION: 'Your bank asks you to confirm the payment.',
  PART_FILLED: 'The pharmacy dispensed less than ordered. Only what you get is charged.',
  PHARMACIST_AT_WORK: 'A pharmacist is preparing and checking your medicines.',
  PAYMENT_UNDER_WAY: 'Your medicines are ready; the payment is being taken.',
  PAYMENT_LOST: 'Your medicines are ready, but your bank no longer holds the amount for us. Please pay again.',
  PACKING: 'Your parcel is being made ready.',
  DELIVERED: 'Delivered.',
  ON_THE_WAY: 'Your parcel is on its way.',
  DELIVERY_PROBLEM: 'The parcel could not be delivered as planned. We are taking care of it.',
  NOBODY_HOME: 'Nobody was at home. We will try again.',
  REFUSED: 'The parcel was refused at the door.',
  NO_ACCESS: 'The driver could not reach the door. We will try again.',
  WRONG_ADDRESS: 'The address was not right. Please get in touch with us.',
  PARCEL_RETURNED: 'The parcel came back to the pharmacy.',
  REFUND_UNDER_WAY: 'Your refund is under way.',
  REFUND_FAILED: 'The refund did not go through. We are taking care of it.',
  CANCELLED_AFTER_PAYMENT: 'The order was cancelled; your refund is under way.',
} as const satisfies Record<string, string>

export type ReasonCode = keyof typeof reasons
export type Reason = { code: string; message: string }

/** A code of somebody else's keeps its code; without a sentence of ours it gets a general one. */
export const reason = (code: string, otherwise = 'The pharmacy is taking care of this.'): Reason => ({
  code, message: Object.hasOwn(reasons, code) ? reasons[code as ReasonCode] : otherwise,
})
