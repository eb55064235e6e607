import type { AutoRefill, AutoRefillPlan } from './entities/auto-refill.ts'
import type { Cart, CartLine } from './entities/cart.ts'
import type { Fulfilment } from './entities/fulfilment.ts'
import type { Order, OrderLine } from './entities/order.ts'
import type { SavedMethod } from './entities/payment-method.ts'
import type { Return } from './entities/return.ts'
import type { AbandonedCart, AbandonedCarts, DaySales, DrugSales, SalesReport } from './reports/sales.ts'
import type { StuckOrder } from './reads/stuck-orders.ts'
import type { Payment } from './entities/payment.ts'

export type CartMapper = Cart
export type CartLineMapper = CartLine
export type OrderMapper = Order
export type FulfilmentMapper = Fulfilment
export type SavedPaymentMethodMapper = SavedMethod
export type ReturnMapper = Return
export type StuckOrderMapper = StuckOrder
export type SalesReportMapper = SalesReport
export type DrugSalesMapper = DrugSales
export type DaySalesMapper = DaySales
export type AbandonedCartsReportMapper = AbandonedCarts
export type AbandonedCartMapper = AbandonedCart
export type OrderLineMapper = OrderLine
export type PaymentMapper = Payment
export type AutoRefillMapper = AutoRefill
export type AutoRefillPlanMapper = AutoRefillPlan
export type PrescriptionMapper = { id: string }
export type RefillRequestMapper = { id: string }
export type PatientMapper = { id: string }
