import type { Cart, CartLine } from './entities/cart.ts'
import type { Fulfilment } from './entities/fulfilment.ts'
import type { Order, OrderLine } from './entities/order.ts'
import type { Payment } from './entities/payment.ts'

export type CartMapper = Cart
export type CartLineMapper = CartLine
export type OrderMapper = Order
export type FulfilmentMapper = Fulfilment
export type OrderLineMapper = OrderLine
export type PaymentMapper = Payment
export type PatientMapper = { id: string }
