/** Progressive override: a field moves to another subgraph for some callers first, `@override(from:, label:)`. */
import { createHash } from 'node:crypto'
import type { Actor } from '@pharmagraph/platform/actor.ts'
import { Kind, visit, type DocumentNode } from 'graphql'

/** Whether the field is taken from its new subgraph for a caller. */
export type Labels = (label: string, actor: Actor) => boolean

/**
 * `percent(x)` is on for that share of persons, always the same ones, who stay in while x grows; callers without a name are
 * drawn anew each time. Any other label is on where it is among `on`.
 */
export const createLabels = (on: readonly string[] = []): Labels => (label, actor) => {
  const share = /^percent\((\d+(?:\.\d+)?)\)$/.exec(label)?.[1]
  if (share === undefined) return on.includes(label)
  const drawn = actor.subject === 'anonymous' ? Math.random() : createHash('sha256').update(actor.subject).digest().readUInt32BE() / 2 ** 32
  return drawn * 100 < Number(share)
}

/** The labels of a supergraph. */
export function readLabels(document: DocumentNode): string[] {
  const labels = new Set<string>()
  visit(document, { Argument: ({ name, value }) => void (name.value === 'overrideLabel' && value.kind === Kind.STRING && labels.add(value.value)) })
  return [...labels].sort()
}
