export const paymentStatuses = [
  'NOT_STARTED', 'REQUIRES_METHOD', 'REQUIRES_ACTION', 'AUTHORIZED', 'CAPTURING', 'CAPTURED', 'PARTIALLY_REFUNDED', 'REFUNDED',
  'VOIDED', 'FAILED', 'AUTH_EXPIRED',
] as const
export type PaymentStatus = (typeof paymentStatuses)[number]
