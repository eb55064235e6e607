import type { FastifyInstance, FastifyReply } from 'fastify'
import { html, page, type Html } from '../shared/page.ts'
import type { Store } from '../shared/store.ts'
import type { Account, Challenge } from './account.ts'
import { money } from './money.ts'
import type { PaymentIntent, SetupIntent } from './objects.ts'
import type { Form } from './params.ts'
import { finishAuthentication } from './payment-attempt.ts'
import { finishSetupAuthentication } from './setup-intents.ts'

type Intent = PaymentIntent | SetupIntent

/** Serves the issuer's 3-D Secure page: the customer passes or fails, and goes back to `return_url`. */
export function serveChallenges(app: FastifyInstance, store: Store, account: Account): void {
  const intentOf = (challenge: Challenge | undefined): Intent | undefined =>
    challenge && (account.paymentIntents.get(challenge.intent) ?? account.setupIntents.get(challenge.intent))

  app.get<{ Params: { id: string } }>('/3d_secure/:id', async (request, reply) => {
    const challenge = account.challenges.get(request.params.id)
    return show(reply, challenge, intentOf(challenge))
  })

  app.post<{ Params: { id: string }; Body: Form | undefined }>('/3d_secure/:id', async (request, reply) => {
    const { id } = request.params
    const passed = request.body?.['outcome'] === 'complete'
    store.transaction(() => {
      const challenge = account.challenges.get(id)
      const intent = intentOf(challenge)
      if (!challenge || !intent || challenge.outcome || !isAskedFor(intent, id)) return
      account.request = { id: null, idempotency_key: null }
      const finish = intent.object === 'payment_intent' ? finishAuthentication : finishSetupAuthentication
      const { status } = finish(account, intent.id, passed)
      account.challenges.put(id, { ...challenge, outcome: status === 'requires_payment_method' ? 'failed' : 'succeeded' })
    })
    const challenge = account.challenges.get(id)
    const back = returnTo(challenge, intentOf(challenge))
    return back ? reply.redirect(back, 303) : show(reply, challenge, intentOf(challenge))
  })
}

/** A challenge left behind by a later confirmation no longer counts. */
const isAskedFor = (intent: Intent, challenge: string): boolean =>
  intent.status === 'requires_action' && JSON.stringify(intent.next_action).includes(challenge)

/** The return address with what Stripe adds to it. */
function returnTo(challenge: Challenge | undefined, intent: Intent | undefined): string | undefined {
  if (!challenge?.returnUrl || !challenge.outcome || !intent) return undefined
  const url = new URL(challenge.returnUrl)
  url.searchParams.set(intent.object, intent.id)
  url.searchParams.set(`${intent.object}_client_secret`, intent.client_secret ?? '')
  url.searchParams.set('redirect_status', challenge.outcome)
  return url.href
}

function show(reply: FastifyReply, challenge: Challenge | undefined, intent: Intent | undefined): FastifyReply {
  return reply
    .code(challenge ? 200 : 404)
    .type('text/html; charset=utf-8')
    .send(page('3-D Secure', html`<h1>3-D Secure test page</h1>${content(challenge, intent)}`))
}

function content(challenge: Challenge | undefined, intent: Intent | undefined): Html {
  if (!challenge || !intent) return html`<p>There is no such authentication.</p>`
  if (challenge.outcome) return html`<p>Authentication ${challenge.outcome}. You can close this window.</p>`
  if (intent.status !== 'requires_action') return html`<p>This authentication is no longer asked for.</p>`
  const isPayment = intent.object === 'payment_intent'
  const what = isPayment ? html`a payment of <strong>${money(intent.amount, intent.currency)}</strong>` : html`saving this card`
  return html`<p>Your bank asks you to authenticate ${what}. This is a sandbox: choose what your bank will say.</p>
<form method="post">
<button name="outcome" value="complete">Complete authentication</button>
<button name="outcome" value="fail">Fail authentication</button>
</form>`
}
