import { defineEntity, p } from '@mikro-orm/postgresql'

export const severities = ['CONTRAINDICATED', 'MAJOR', 'MODERATE', 'MINOR'] as const
export type InteractionSide = { name: string; members: string[] }

export const InteractionSchema = defineEntity({
  name: 'Interaction',
  tableName: 'interaction',
  properties: {
    /** A readable key, such as warfarin-fluconazole. */
    id: p.string().primary(),
    /** Ingredient names, lower case, of either side. */
    aName: p.string(),
    aMembers: p.array(),
    bName: p.string(),
    bMembers: p.array(),
    severity: p.enum(severities),
    mechanism: p.text(),
    effect: p.text(),
    management: p.text(),
    evidence: p.text(),
    knowledgeVersion: p.string(),
    patientText: p.text(),
  },
})
export class Interaction extends InteractionSchema.class {}
InteractionSchema.setClass(Interaction)
