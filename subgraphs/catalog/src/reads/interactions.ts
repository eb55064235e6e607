import type { EntityManager } from '@pharmagraph/platform'
import type { Drug } from '../entities/drug.ts'
import { Interaction } from '../entities/interaction.ts'

const namesOf = (drug: Drug): string[] => drug.ingredients.map(({ name }) => name.toLowerCase())
const severityOrder = ['CONTRAINDICATED', 'MAJOR', 'MODERATE', 'MINOR']
const bySeverity = (a: Interaction, b: Interaction): number => severityOrder.indexOf(a.severity) - severityOrder.indexOf(b.severity) || a.id.localeCompare(b.id)

/** For each drug, every interaction one of its ingredients takes part in, most severe first; one statement for all. */
export async function interactionsAmong(em: EntityManager, drugs: readonly Drug[]): Promise<Interaction[][]> {
  const names = [...new Set(drugs.flatMap(namesOf))]
  const found = await em.find(Interaction, { $or: [{ aMembers: { $overlap: names } }, { bMembers: { $overlap: names } }] })
  return drugs.map((drug) => {
    const own = namesOf(drug)
    return found.filter(({ aMembers, bMembers }) => own.some((name) => aMembers.includes(name) || bMembers.includes(name))).sort(bySeverity)
  })
}

/** Interactions between two different drugs of the list: an ingredient of one on one side, of the other on the other. */
export async function interactionsBetween(em: EntityManager, drugs: readonly Drug[]): Promise<Interaction[]> {
  const found = new Set((await interactionsAmong(em, drugs)).flat())
  const meet = ({ aMembers, bMembers }: Interaction, one: Drug, other: Drug): boolean =>
    namesOf(one).some((name) => aMembers.includes(name)) && namesOf(other).some((name) => bMembers.includes(name))
  return [...found]
    .filter((interaction) => drugs.some((one, i) => drugs.some((other, j) => i !== j && meet(interaction, one, other))))
    .sort(bySeverity)
}
