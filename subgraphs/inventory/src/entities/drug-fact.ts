import { defineEntity, p } from '@mikro-orm/postgresql'

/** What all GTINs of one product share: without the packaging level before it and the check digit after it. */
export const gtinBody = (gtin: string): string => gtin.slice(1, 13)

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
    deaSchedule: p.string(),
    storageClass: p.string(),
    /** Of its GTINs, see `gtinBody`; null where the NDC does not fit one. */
    gtinBody: p.string().length(12).nullable().index(),
  },
})
export class DrugFact extends DrugFactSchema.class {}
DrugFactSchema.setClass(DrugFact)
