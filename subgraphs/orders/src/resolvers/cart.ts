import { clock, isId, money, sum, type Money } from '@pharmagraph/platform'
import type { Context } from '../context.ts'
import type { CartLine } from '../entities/cart.ts'
import type { CartLineResolvers, CartResolvers } from '../generated/resolvers.ts'
import { lineTotal } from '../pricing.ts'
import { lineProblem } from '../reads/line-problem.ts'

/** Today's price; nothing where the price is not known, which the line's problem says. */
async function priceOf(line: CartLine, { loaders }: Context): Promise<Money> {
  const drug = await loaders.drugFact.load(line.drugId)
  return drug ? lineTotal(drug, line.quantity) : money(0)
}

export const cartResolvers: CartResolvers = {
  __resolveReference: ({ id }, { loaders }) => (isId(id) ? loaders.cart.load(id) : null),
  lines: ({ id }, _args, { loaders }) => loaders.cartLinesOf.load(id),
  subtotal: async ({ id }, _args, context) => {
    const lines = await context.loaders.cartLinesOf.load(id)
    return sum(await Promise.all(lines.map((line) => priceOf(line, context))))
  },
}

export const cartLineResolvers: CartLineResolvers = {
  drug: ({ drugId }) => ({ id: drugId }),
  prescription: ({ prescriptionId }) => (prescriptionId ? { id: prescriptionId } : null),
  lineTotal: (line, _args, context) => priceOf(line, context),
  problem: async (line, _args, { loaders }) => {
    const [cart, drug, prescription] = await Promise.all([
      loaders.cart.load(line.cartId), loaders.drugFact.load(line.drugId), line.prescriptionId ? loaders.prescriptionFact.load(line.prescriptionId) : null,
    ])
    return lineProblem(cart?.patientId ?? '', line, { drug, prescription }, clock.today())
  },
}
