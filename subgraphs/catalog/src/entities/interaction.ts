import { defineEntity, p } from '@mikro-orm/postgresql'

/** Most severe first. */
export const severities = ['CONTRAINDICATED', 'MAJOR', 'MODERATE', 'MINOR'] as const
export type Severity = (typeof severities)[number]

/**
 * One side of an interaction: the ingredients a release named, and beside or instead of them a pharmacologic class,
 * whose members are whoever belongs to it when the question is asked.
 */
export type InteractionSide = { name: string; members: string[]; className: string | null }

/** A version of the interaction knowledge of one source. Numbered over all sources, so a number is a state of the whole. */
export const KnowledgeReleaseSchema = defineEntity({
  name: 'KnowledgeRelease',
  tableName: 'knowledge_release',
  properties: {
    number: p.integer().primary().autoincrement(),
    source: p.string(),
    version: p.string(),
    publishedAt: p.datetime(),
    added: p.integer(),
    changed: p.integer(),
    retired: p.integer(),
  },
  uniques: [{ properties: ['source', 'version'] }],
})
export class KnowledgeRelease extends KnowledgeReleaseSchema.class {}
KnowledgeReleaseSchema.setClass(KnowledgeRelease)

/** What a release said about two sides, until a later release says otherwise: rows end, they are not changed. */
export const InteractionSchema = defineEntity({
  name: 'Interaction',
  tableName: 'interaction',
  properties: {
    seq: p.bigint('number').primary().autoincrement(),
    /** A readable key that stays over the versions, such as warfarin-fluconazole. */
    id: p.string(),
    source: p.string(),
    /** Number of the release it came with, and of the one that ended it. */
    since: p.integer(),
    until: p.integer().nullable(),
    aName: p.string(),
    /** Ingredient names of either side, lower case. */
    aMembers: p.array(),
    aClass: p.string().nullable(),
    bName: p.string(),
    bMembers: p.array(),
    bClass: p.string().nullable(),
    severity: p.enum(severities),
    mechanism: p.text(),
    effect: p.text(),
    management: p.text(),
    evidence: p.text(),
    knowledgeVersion: p.string(),
    patientText: p.text(),
    fingerprint: p.string(),
  },
  indexes: [{ name: 'interaction_current', expression: 'create unique index interaction_current on interaction (id) where until is null' }],
})
export class Interaction extends InteractionSchema.class {}
InteractionSchema.setClass(Interaction)

/**
 * Every interaction spelled out, both ways round, by term: an ingredient's name or a class with its bracket. Two terms
 * find what stands between them by one look into an index, however many interactions there are.
 */
export const InteractionPairSchema = defineEntity({
  name: 'InteractionPair',
  tableName: 'interaction_pair',
  properties: {
    term: p.string().primary(),
    other: p.string().primary(),
    interaction: p.bigint('number').primary(),
    /** 0 for CONTRAINDICATED to 3 for MINOR. */
    rank: p.smallint(),
  },
  indexes: [{ properties: ['term', 'rank', 'interaction'] }, { properties: ['interaction'] }],
})
export class InteractionPair extends InteractionPairSchema.class {}
InteractionPairSchema.setClass(InteractionPair)

/** Records of a release that is being imported; they become interactions all at once, at its end. */
export const InteractionDraftSchema = defineEntity({
  name: 'InteractionDraft',
  tableName: 'interaction_draft',
  properties: {
    runId: p.uuid().primary(),
    id: p.string().primary(),
    rank: p.smallint(),
    fingerprint: p.string(),
    content: p.json<Record<string, unknown>>(),
  },
})
export class InteractionDraft extends InteractionDraftSchema.class {}
InteractionDraftSchema.setClass(InteractionDraft)

/** What the other subgraphs were last told of an interaction. */
export const InteractionToldSchema = defineEntity({
  name: 'InteractionTold',
  tableName: 'interaction_told',
  properties: {
    id: p.string().primary(),
    digest: p.string(),
  },
})
export class InteractionTold extends InteractionToldSchema.class {}
InteractionToldSchema.setClass(InteractionTold)
