import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Store } from '../shared/store.ts'
import { find, type Account } from './account.ts'
import { closeDispute, openDispute } from './disputes.ts'
import { StripeRefusal } from './errors.ts'
import { expirePaymentIntent, settlePaymentIntent } from './payment-attempt.ts'
import { settleRefund } from './refunds.ts'

type Run = (body: never, id: string) => object
type Outcome = { status: 'succeeded' | 'failed' }

const fields = (properties: object, required: readonly string[] = Object.keys(properties)): object => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
})
const status = (...values: string[]): object => fields({ status: { enum: values } })

/** What the world does to payments by itself: banks, cardholders and time. */
export function serveControl(app: FastifyInstance, store: Store, account: Account): void {
  const control = (path: string, schema: object | undefined, run: Run): void => {
    const options = { schema: { ...(schema && { body: schema }) } }
    app.post(`/control${path}`, options, async (request: FastifyRequest<{ Params: { id?: string } }>, reply) => {
      try {
        return store.transaction(() => {
          account.request = { id: null, idempotency_key: null }
          return run(request.body as never, request.params.id ?? '')
        })
      } catch (error) {
        if (!(error instanceof StripeRefusal)) throw error
        return reply.code(error.status).send({ error: error.error })
      }
    })
  }

  control(
    '/disputes',
    fields({ charge: { type: 'string' }, amount: { type: 'integer', minimum: 1 }, reason: { type: 'string' } }, ['charge']),
    ({ charge: id, amount, reason = 'fraudulent' }: { charge: string; amount?: number; reason?: string }) => {
      const intent = id.startsWith('pi_') ? find(account.paymentIntents, 'payment_intent', id, 'charge') : undefined
      const charge = find(account.charges, 'charge', intent?.latest_charge ?? id, 'charge')
      return openDispute(account, charge, amount ?? charge.amount_captured, reason)
    },
  )
  control('/disputes/:id/close', status('won', 'lost', 'warning_closed'), (body: { status: 'won' | 'lost' | 'warning_closed' }, id) =>
    closeDispute(account, id, body.status))
  control('/refunds/:id/settle', status('succeeded', 'failed'), (body: Outcome, id) => settleRefund(account, id, body.status))
  control('/payment_intents/:id/expire', undefined, (_body, id) => expirePaymentIntent(account, id))
  control('/slow-payments', fields({ times: { type: 'integer', minimum: 0 } }), ({ times }: { times: number }) => {
    account.slowPayments = times
    return { times }
  })
  control('/payment_intents/:id/settle', status('succeeded', 'failed'), (body: Outcome, id) =>
    settlePaymentIntent(account, id, body.status))
  control('/events/:id/resend', undefined, (_body, id) => {
    const event = find(account.events, 'event', id, 'id', 404)
    account.send(event)
    return event
  })
}
