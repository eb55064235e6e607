import { defineEntity, p } from '@mikro-orm/postgresql'

/** An active moiety by its lower-case name: what interactions, allergies and equivalence are about. */
export const IngredientSchema = defineEntity({
  name: 'Ingredient',
  tableName: 'ingredient',
  properties: {
    name: p.string().primary(),
    rxcui: p.string().nullable(),
  },
  indexes: [{ name: 'ingredient_name', expression: 'create index ingredient_name on ingredient (name collate "C")' }],
})
export class Ingredient extends IngredientSchema.class {}
IngredientSchema.setClass(Ingredient)

/** Learned from products with one ingredient: of several, the directory does not say which one makes the class. */
export const IngredientClassSchema = defineEntity({
  name: 'IngredientClass',
  tableName: 'ingredient_class',
  properties: {
    ingredient: p.string().primary(),
    /** As the FDA writes it, with its kind: "Benzodiazepine [EPC]". */
    className: p.string().primary(),
  },
  indexes: [{ properties: ['className'] }],
})
export class IngredientClass extends IngredientClassSchema.class {}
IngredientClassSchema.setClass(IngredientClass)
