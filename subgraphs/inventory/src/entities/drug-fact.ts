import { defineEntity, p } from '@mikro-orm/postgresql'

/** What stock-keeping needs to know of a drug: our copy of the catalog's event, the latest version wins. */
export const DrugFactSchema = defineEntity({
  name: 'DrugFact',
  tableName: 'drug_fact',
  properties: {
    /** The drug's id. */
    id: p.uuid().primary(),
    drugVersion: p.integer(),
    /** As listed by the FDA, ten digits with hyphens. */
    ndc: p.string(),
    packageSize: p.decimal('number').precision(12).scale(3),
  },
})
export class DrugFact extends DrugFactSchema.class {}
DrugFactSchema.setClass(DrugFact)
