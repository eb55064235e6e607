import { clock } from '@pharmagraph/platform'
import { defineEntity, p } from '@mikro-orm/postgresql'

export const cartStatuses = ['OPEN', 'CHECKED_OUT'] as const

export const CartSchema = defineEntity({
  name: 'Cart',
  tableName: 'cart',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    patientId: p.uuid(),
    status: p.enum(cartStatuses),
    updatedAt: p.datetime().onCreate(() => clock.now()).onUpdate(() => clock.now()),
  },
  indexes: [{ name: 'cart_one_open', expression: `create unique index cart_one_open on cart (patient_id) where status = 'OPEN'` }],
})
export class Cart extends CartSchema.class {}
CartSchema.setClass(Cart)

export const CartLineSchema = defineEntity({
  name: 'CartLine',
  tableName: 'cart_line',
  properties: {
    id: p.uuid().primary(),
    cartId: () => p.manyToOne(Cart).mapToPk().joinColumn('cart_id').index(),
    drugId: p.uuid(),
    /** Null for an over-the-counter drug. */
    prescriptionId: p.uuid().nullable(),
    /** Dispensing units. */
    quantity: p.decimal('number').precision(12).scale(3).check('quantity > 0'),
    /** Whole packages of an over-the-counter drug; null where a prescription says the quantity. */
    packages: p.integer().nullable(),
  },
})
export class CartLine extends CartLineSchema.class {}
CartLineSchema.setClass(CartLine)
