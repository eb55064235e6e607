/** Whether another product may be dispensed than the one written (dispense-as-written codes of NCPDP, FDA equivalence codes). */

export type Product = { ingredients: readonly { name: string; strength: string }[]; dosageForm: string; therapeuticEquivalence: string | null }

/** DAW 1: the prescriber wants this product; 7: the law wants the brand. Else the same ingredient, strength and form, rated A by the FDA. */
export function maySubstitute(daw: number, written: Product, offered: Product): boolean {
  if (daw === 1 || daw === 7) return false
  return composition(written) === composition(offered) && !!offered.therapeuticEquivalence?.startsWith('A')
}

/** The same for products of the same ingredients, strength and form, whoever makes them. */
export const composition = ({ ingredients, dosageForm }: Pick<Product, 'ingredients' | 'dosageForm'>): string =>
  [...ingredients.map(({ name, strength }) => `${name} ${strength}`.toLowerCase()).sort(), dosageForm.toLowerCase()].join('|')
