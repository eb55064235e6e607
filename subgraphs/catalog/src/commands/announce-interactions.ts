import { emit, type Actor, type EntityManager } from '@pharmagraph/platform'
import { Interaction } from '../entities/interaction.ts'
import { termsOf } from '../reads/interactions.ts'
import { textArray } from '../sql.ts'
import { fingerprintOf } from './store-listed.ts'

/**
 * Tells the others of the interactions that can happen between drugs we sell, and of those only: a knowledge base has
 * hundreds of thousands. What was told and still stands is not told again. With `touching`, looks at the interactions of
 * these ingredients only; without, at all, and takes back what no longer stands by telling it without members.
 */
export async function announceInteractions(em: EntityManager, actor: Actor, touching?: readonly string[]): Promise<void> {
  await em.flush()
  const sold = await em.execute<{ name: string }[]>('select distinct unnest(ingredient_names) as name from drug')
  const terms = await termsOf(em, sold.map(({ name }) => name))
  const all = textArray([...terms.keys()])
  const own = touching ? textArray([...terms].filter(([, members]) => touching.some((name) => members.includes(name))).map(([term]) => term)) : all
  const reached = await em.execute<{ interaction: number }[]>(
    `select distinct p.interaction from interaction_pair p join interaction i on i.seq = p.interaction and i.until is null
     where p.term = any(?::text[]) and p.other = any(?::text[])`, [own, all])
  const interactions = await em.find(Interaction, { seq: { $in: reached.map(({ interaction }) => Number(interaction)) } }, { orderBy: { id: 'asc' } })
  const told = new Map((await em.execute<{ id: string; digest: string }[]>('select id, digest from interaction_told')).map(({ id, digest }) => [id, digest]))

  const tell = async (interaction: Interaction, aMembers: string[], bMembers: string[]): Promise<void> => {
    const { id, knowledgeVersion, severity, effect, management, evidence } = interaction
    const data = { interactionId: id, knowledgeVersion, aMembers, bMembers, severity, effect, management, evidence }
    const digest = fingerprintOf(data)
    if (told.get(id) === digest) return
    emit(em, actor, 'catalog.interaction-published.v1', id, data)
    await em.execute('insert into interaction_told (id, digest) values (?, ?) on conflict (id) do update set digest = excluded.digest', [id, digest])
  }
  const membersOf = (named: readonly string[], className: string | null | undefined): string[] => [...new Set([...named, ...((className && terms.get(className.toLowerCase())) || [])])]
  for (const row of interactions) await tell(row, membersOf(row.aMembers, row.aClass), membersOf(row.bMembers, row.bClass))
  if (touching) return
  const standing = new Set(interactions.map(({ id }) => id))
  const gone = await em.find(Interaction, { id: { $in: [...told.keys()].filter((id) => !standing.has(id)) } }, { orderBy: { seq: 'asc' } })
  const last = new Map(gone.map((interaction) => [interaction.id, interaction]))
  for (const interaction of last.values()) if (interaction.until) await tell(interaction, [], [])
}
