import { clock, forbidden, invalid, problem, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { PaymentCustomer, SavedMethod } from '../entities/payment-method.ts'
import type { MethodDetails, PaymentPort } from '../payments/port.ts'
import { checkPaymentMethodId } from './pay-order.ts'

type Transact = <T>(work: (em: EntityManager) => Promise<T>) => Promise<T>
export type Tools = { actor: Actor; payments: PaymentPort; transact: Transact }

/** House policy: more is somebody trying out cards. */
const mostMethods = 10

export type MethodSetup = { id: string; clientSecret: string | null; nextActionUrl: string | null }
export type Saving = { method: SavedMethod } | { setup: MethodSetup }

/** Begins to save a method that the browser will name: its secret is for Stripe.js. */
export async function startMethodSetup(tools: Tools, { idempotencyKey }: { idempotencyKey: string }): Promise<MethodSetup> {
  if (idempotencyKey.length < 1 || idempotencyKey.length > 200) throw invalid('idempotencyKey', 'a key has 1 to 200 characters')
  const { patientId, customerId } = await customerOf(tools)
  return tools.payments.startSetup({ customerId, key: `${patientId}:setup:${idempotencyKey}` })
}

/** Saves a method for later payments without the patient; their bank may want to see them once. */
export async function savePaymentMethod(tools: Tools, { paymentMethodId }: { paymentMethodId: string }): Promise<Saving> {
  checkPaymentMethodId(paymentMethodId)
  const { patientId, customerId } = await customerOf(tools)
  const answer = await tools.payments.saveMethod({ customerId, paymentMethodId, key: `${patientId}:save:${paymentMethodId}` })
  if ('refusal' in answer) throw problem('PaymentMethodRefused', answer.refusal.code, answer.refusal.message)
  if ('setup' in answer) return answer
  return { method: await tools.transact((em) => keepMethod(em, customerId, answer.method)) as SavedMethod }
}

/** Keeps what the provider says of a method; nothing for a customer that is none of ours. A method kept already stays as it is. */
export async function keepMethod(em: EntityManager, customerId: string, details: MethodDetails): Promise<SavedMethod | undefined> {
  const customer = await em.findOne(PaymentCustomer, { providerId: customerId })
  if (!customer) return undefined
  // the answer to the patient and the webhook about the same method come at once
  const { id, brand, last4, expMonth, expYear } = details
  await em.execute('insert into saved_method (id, patient_id, brand, last4, exp_month, exp_year, added_at) values (?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing', [id, customer.patientId, brand, last4, expMonth, expYear, clock.now()])
  return em.findOneOrFail(SavedMethod, { id })
}

/** Takes the method from the provider, so that nobody can charge it any more. */
export async function removePaymentMethod({ actor, payments, transact }: Tools, { paymentMethodId }: { paymentMethodId: string }): Promise<string> {
  access.must(actor, 'methods:own', { patientId: actor.patientId })
  const mine = { id: paymentMethodId, patientId: actor.patientId!, removedAt: null }
  if (!(await transact((em) => em.count(SavedMethod, mine)))) throw invalid('paymentMethodId', 'no such payment method')
  await payments.forgetMethod(paymentMethodId)
  await transact(async (em) => void (await em.nativeUpdate(SavedMethod, mine, { removedAt: clock.now() })))
  return paymentMethodId
}

/** The provider's customer of the signed-in patient, made when there is none. */
async function customerOf({ actor, payments, transact }: Tools): Promise<{ patientId: string; customerId: string }> {
  const { patientId } = actor
  if (!patientId) throw forbidden('this account has no patient id')
  access.must(actor, 'methods:own', { patientId })
  const [known, kept] = await transact(async (em) => [await em.findOne(PaymentCustomer, { patientId }), await em.count(SavedMethod, { patientId, removedAt: null })] as const)
  if (kept >= mostMethods) throw invalid('paymentMethodId', `${mostMethods} payment methods are kept at most`)
  if (known) return { patientId, customerId: known.providerId }
  const customerId = await payments.openCustomer(patientId)
  await transact((em) => em.execute('insert into payment_customer (patient_id, provider_id, created_at) values (?, ?, ?) on conflict do nothing', [patientId, customerId, clock.now()]))
  return { patientId, customerId }
}
