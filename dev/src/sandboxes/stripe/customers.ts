import { find, type Account } from './account.ts'
import { badParam } from './errors.ts'
import { newCustomer, type Customer } from './objects.ts'
import type { Params } from './params.ts'

export const CUSTOMER_PARAMS = ['name', 'email', 'phone', 'description', 'address', 'metadata', 'invoice_settings', 'expand']

export function createCustomer(account: Account, params: Params): Customer {
  const customer = apply(account, newCustomer(account.now()), params)
  account.emit('customer.created', customer)
  return customer
}

export function updateCustomer(account: Account, params: Params, id: string): Customer {
  const customer = apply(account, find(account.customers, 'customer', id, 'id', 404), params)
  account.emit('customer.updated', customer)
  return customer
}

export const retrieveCustomer = (account: Account, _params: Params, id: string): Customer => find(account.customers, 'customer', id, 'id', 404)

function apply(account: Account, customer: Customer, params: Params): Customer {
  for (const field of ['name', 'email', 'phone', 'description'] as const) if (params.has(field)) customer[field] = params.text(field) ?? null
  const email = customer.email
  if (email && !email.includes('@')) throw badParam('email', `Invalid email address: ${email}`, 'email_invalid')
  const address = params.group('address')
  if (address) {
    customer.address = {
      city: address.text('city') ?? null,
      country: address.text('country') ?? null,
      line1: address.text('line1') ?? null,
      line2: address.text('line2') ?? null,
      postal_code: address.text('postal_code') ?? null,
      state: address.text('state') ?? null,
    }
  }
  const defaultMethod = params.group('invoice_settings')?.text('default_payment_method')
  if (defaultMethod) {
    find(account.paymentMethods, 'PaymentMethod', defaultMethod, 'invoice_settings[default_payment_method]')
    customer.invoice_settings.default_payment_method = defaultMethod
  }
  customer.metadata = params.metadata(customer.metadata)
  account.customers.put(customer.id, customer)
  return customer
}
