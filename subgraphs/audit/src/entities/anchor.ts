import { defineEntity, p } from '@mikro-orm/postgresql'

/** The head of the chain at a moment: what was there then must be there for ever. Append-only like the chain. */
export const AnchorSchema = defineEntity({
  name: 'Anchor',
  tableName: 'anchor',
  properties: {
    sequence: p.bigint('number').primary().autoincrement(false),
    hash: p.string().length(64),
    at: p.datetime(),
  },
})
export class Anchor extends AnchorSchema.class {}
AnchorSchema.setClass(Anchor)
