import { money } from '@pharmagraph/platform'
import { access } from '../access.ts'
import type { PaymentResolvers } from '../generated/resolvers.ts'
import { isUnpaid } from '../lifecycles/payment.ts'

export const paymentResolvers: PaymentResolvers = {
  amount: ({ amountMinor, currency }) => money(amountMinor, currency),
  capturedAmount: ({ capturedMinor, currency }) => money(capturedMinor, currency),
  refundedAmount: ({ refundedMinor, currency }) => money(refundedMinor, currency),
  disputes: async ({ orderId }, _args, { loaders }) =>
    (await loaders.disputesOf.load(orderId)).map(({ amountMinor, currency, ...dispute }) => ({ ...dispute, amount: money(amountMinor, currency) })),
  clientSecret: async ({ clientSecretSealed, patientId, status }, _args, { actor, loaders }) =>
    clientSecretSealed && isUnpaid(status) && access.can(actor, 'order:secret', { patientId, delegated: await loaders.scopesFor.load(patientId) }) ? loaders.opened.load({ patientId, sealed: clientSecretSealed }) : null,
  nextActionUrl: async ({ status, nextActionUrl, patientId }, _args, { actor, loaders }) =>
    status === 'REQUIRES_ACTION' && access.can(actor, 'order:secret', { patientId, delegated: await loaders.scopesFor.load(patientId) }) ? nextActionUrl : null,
  failure: ({ failureCode, failureMessage }) => (failureCode ? { code: failureCode, message: failureMessage ?? failureCode } : null),
}
